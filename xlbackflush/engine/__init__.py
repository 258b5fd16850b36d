"""The costing engine: pure functions from tables to tables. No files, no Excel, no clock.

    accept -> structure -> rollup -> trace -> relieve -> journal -> ledger, checks

Each module is one stage; `pipeline.py` strings them together.
"""
