"""VBA of the workbook and of the add-in: sources, and what is built from them.

    workbook/   goes into every workbook
    addin/      goes into the add-in
    common/     goes into both
    built/      vbaProject.bin of every workbook, and the add-in xlbackflush.xlam, as they are installed
    building/   builds them (`make vba`); not part of what is installed

Installed as `xlbackflush.vba`.
"""
