"""Evidence: what an auditor takes away from a workbook, as a folder of files that need no Excel.

    evidence.pdf        all that was posted, with totals, proofs, findings, checks and lines to sign on
    journal-aicpa.csv   the journal in the form of the AICPA audit data standard
    inputs/*.csv        each input table as it stands
    BOOK.xlsm           the workbook, byte for byte
    manifest.sha256     digests of all these files
    README.txt          what is what, and how to verify it

The workbook is verified first, and the result stands where nobody can miss it. The same workbook gives the same bytes.
Nothing in the workbook changes.
"""
