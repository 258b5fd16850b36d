"""Workbooks as their users keep them: with much of their own in them, and as other programs write their XML."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
from openpyxl.chart import BarChart, Reference
from openpyxl.formatting.rule import ColorScaleRule, FormulaRule
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from support_files import (
    HEAD,
    MAIN,
    Parts,
    sample_book,
)


def own_book(path: Path) -> Path:
    """The computers sample as a user keeps it: saved by another program, with much of the user's own in it."""
    book = openpyxl.load_workbook(sample_book(path), keep_vba=True)
    own = book.create_sheet("My analysis", 3)
    for i in range(1, 8):
        own.append([i, i * i, f"line {i}", f"=B{i}*2"])
    chart = BarChart()
    chart.add_data(Reference(own, min_col=2, min_row=1, max_row=7))
    own.add_chart(chart, "F2")
    own.conditional_formatting.add("A1:A7", ColorScaleRule("min", None, "FFAA00", end_type="max", end_color="00AA00"))
    own.conditional_formatting.add("B1:B7", FormulaRule(["B1>9"], font=Font(bold=True), fill=PatternFill("solid")))
    own["A1"].font = Font(name="Georgia", size=17, color="FF00FF00")
    own["A2"].number_format = '0.0000" pieces"'
    book.defined_names["MyRange"] = DefinedName("MyRange", attr_text="'My analysis'!$A$1:$B$7")
    book.defined_names["Rate"] = DefinedName("Rate", attr_text="1.19")
    book.save(path)

    parts = Parts(path)
    sheet = parts.sheets()["My analysis"]
    parts["xl/vbaProject.bin"] = bytes(range(256)) * 40
    parts.relate(
        "xl/workbook.xml", "http://schemas.microsoft.com/office/2006/relationships/vbaProject", "vbaProject.bin"
    )
    parts.declare("xl/vbaProject.bin", "application/vnd.ms-office.vbaProject")
    parts["xl/printerSettings/printerSettings1.bin"] = b"\x00printer\xff" * 30
    parts.relate(sheet, "printerSettings", "../printerSettings/printerSettings1.bin")
    parts.declare(
        "xl/printerSettings/printerSettings1.bin",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.printerSettings",
    )
    parts["customXml/item1.xml"] = "<invoice xmlns='urn:mine'><n>1</n></invoice>"
    parts.relate("xl/workbook.xml", "customXml", "../customXml/item1.xml")
    parts["customUI/customUI.xml"] = (
        '<customUI xmlns="http://schemas.microsoft.com/office/2006/01/customui"><ribbon startFromScratch="false"/></customUI>'
    )
    parts.relate("", "http://schemas.microsoft.com/office/2006/relationships/ui/extensibility", "customUI/customUI.xml")
    chain = "".join(f'<c r="D{i}" i="4"/>' for i in range(1, 8))
    parts["xl/calcChain.xml"] = f'{HEAD}<calcChain xmlns="{MAIN}">{chain}</calcChain>'
    parts.relate("xl/workbook.xml", "calcChain", "calcChain.xml")
    parts.declare("xl/calcChain.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml")
    x14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
    parts.edit(
        sheet,
        "</worksheet>",
        f'<extLst><ext xmlns:x14="{x14}" uri="{{78C0D931-6437-407d-A8EE-F0AAD7539E65}}">'
        '<x14:conditionalFormattings><x14:conditionalFormatting xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main">'
        '<x14:cfRule type="dataBar" id="{00000000-000E-0000-0000-000001000000}"><x14:dataBar><x14:cfvo type="autoMin"/>'
        '<x14:cfvo type="autoMax"/></x14:dataBar></x14:cfRule><xm:sqref>A1:A7</xm:sqref></x14:conditionalFormatting>'
        "</x14:conditionalFormattings></ext></extLst></worksheet>",
    )
    return parts.save(path)


def prefixed(xml: bytes) -> bytes:
    """The same XML with the main namespace as a prefix, x:worksheet and so on."""
    text = xml.decode().replace(f'xmlns="{MAIN}"', f'xmlns:x="{MAIN}"')
    return re.sub(r"<(/?)(?=\w)(?!\w+:)", r"<\1x:", text).encode()
