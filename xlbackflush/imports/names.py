"""Names: how other systems call our tables, our columns and our words. Said here, once.

Headings as SAP, Oracle, Dynamics, NetSuite, Odoo, ERPNext, QuickBooks and Katana write them, in English and in German. They are
compared in small letters without punctuation; of two headings for one column the one that stands first here is taken.
"""

import re
import unicodedata
from collections.abc import Mapping

from xlbackflush import schema
from xlbackflush.schema.words import (
    ABNORMAL,
    BUY,
    COMPLETED,
    COMPONENT,
    CONVERSION,
    FINISHED,
    FINISHED_UNIT,
    FIXED_OVERHEAD,
    INPUT,
    LABOR,
    NORMAL,
    OUTPUT,
    PHANTOM,
    SOLD,
    SUBASSEMBLY,
    VARIABLE_OVERHEAD,
)  # fmt: skip

# what a source column can say besides filling a column of the table
ONLY, LEVEL, PATH, DESIGNATORS = "Only", "Level", "Path", "Designators"
PER, PRICE_PER, LINE_TOTAL, CURRENCY = "Per", "Price per", "Line total", "Currency"
HELPERS = (ONLY, LEVEL, PATH, DESIGNATORS, LINE_TOTAL, CURRENCY)

_ITEM = (
    "item, item code, item no, item number, item id, itemid, internal reference, default code, product internal reference, "
    "variant code sku, sku, material, material no, material number, materialnummer, materialnr, matnr, artikel, artikelnummer, "
    "artikelnr, artikel nr, teilenummer, teile nr, sachnummer, part, part no, part number, product, product code, "
    "product number, product no, product service, stock code, inventory item, segment1, no"
)
_DATE = (
    "date, posting date, pstng date, buchungsdatum, buch datum, budat, transaction date, trans date, physical date, datum, "
    "receipt date, received on, received date, wareneingangsdatum, completion date, completed on, date done, done date, "
    "production date, fertigmeldung am, fertigmeldedatum, shipped on, ship date, delivery date, lieferdatum, scheduled date, "
    "invoice date, rechnungsdatum, document date, belegdatum, entry date, due date, day, tag"
)
_DOCUMENT = (
    "document, document no, document number, doc no, belegnummer, beleg, beleg nr, material document, materialbeleg, mblnr, "
    "voucher, voucher no, transaction no, transaction number, transaction id, trans no, reference no, num, receipt no, "
    "receipt number, receipt, purchase order, purchase document, po number, po no, po, bestellung, bestellnummer, "
    "einkaufsbeleg, order reference, order no, order number, order, auftrag, auftragsnummer, fertigungsauftrag, work order, "
    "manufacturing order, mo no, reference, referenz, invoice no, invoice number, rechnungsnummer, delivery note, lieferschein"
)
_QUANTITY = (
    "quantity, qty, menge, quantity in une, qty in unit of entry, menge in erfassungsme, erfme, menge in erf me, stueck, "
    "stueckzahl, anzahl, units, pieces, pcs, amount of units"
)
_UOM = (
    "uom, unit of measure, unit, base unit of measure, base unit, bun, basismengeneinheit, basis me, mengeneinheit, meins, me, "
    "einheit, stock uom, uom code, units of measure, product uom, component unit of measure, comp uom, komponentenmengeneinheit"
)
_NOTE = "note, notes, memo, remark, remarks, comment, bemerkung, notiz, text, line text, positionstext, kopftext"
_PRICE = (
    "actual price, unit price, unit cost, price, rate, price unit, price each, net price, nettopreis, netpr, preis, "
    "einzelpreis, stueckpreis, einstandspreis, direct unit cost, purchase price, cost price, po price, invoice price, "
    "basic rate, item rate, valuation rate, cost per unit, cost"
)
_PER_PRICE = (
    "price per, per, price unit quantity, preiseinheit, peinh, pe, pack size, packung, price quantity, unit price per"
)

#: table -> column -> headings
HEADINGS: dict[str, dict[str, str]] = {
    "BOM": {
        "Parent": (
            "parent, parent item, parent item no, parent part, parent number, assembly, assembly item, assembly no, bom item, "
            "production bom no, product, finished good, finished product, product product template, product tmpl id, "
            "header material, bom header, kopfmaterial, baugruppe, oberteil, vater, uebergeordnete komponente, "
            "elternartikel, product internal reference, top item, item to be manufactured, item, material, matnr"
        ),
        "Component": (
            "component, component no, component item, component number, component code, component sku, comp item, child, "
            "child item, child part, bom line, bom lines component, bom line ids product id, bom component, komponente, "
            "komponentennummer, objektkurzname, idnrk, positionskomponente, unterteil, kind, einzelteil, ingredient, "
            "ingredient sku, ingredient variant code sku, raw material, item code, item no, item number, item, part number, "
            "part no, part, mpn, manufacturer part number, artikelnummer, artikel, teilenummer, material, sku, no"
        ),
        "Qty per": (
            "qty per, quantity per, quantity per assembly, qty per assembly, per assembly qty, component quantity, "
            "component qty, komponentenmenge, menge, bom quantity, bom qty, bom lines quantity, bom line ids product qty, usage, "
            "usage quantity, einsatzmenge, stueckmenge, ingredient quantity, menng, quantity, qty, anzahl, stueckzahl, "
            "qty required, required qty, quantity consumed, qty consumed per unit"
        ),
        "UoM": f"component uom, {_UOM}",
        "Scrap %": (
            "scrap, scrap percent, scrap factor, component scrap, component scrap percent, scrap rate, ausschuss, "
            "ausschuss percent, ausschuss in percent, ausschussfaktor, komponentenausschuss, komponentenausschuss percent, "
            "komp ausschuss percent, komp ausschuss, ausch, waste, waste percent, loss percent, process loss, wastage"
        ),
        "Scrap basis": "scrap basis",
        "Effective from": (
            "effective from, valid from, gueltig ab, datuv, from date, effectivity date, effective date, start date, "
            "starting date, date from"
        ),
        "Effective to": (
            "effective to, valid to, gueltig bis, datub, to date, disable date, end date, ending date, date to, expiry date"
        ),
        "Note": _NOTE,
        LEVEL: (
            "level, bom level, lvl, lev, explosion level, stufe, ebene, stuecklistenstufe, aufloesungsstufe, indent, "
            "indentation, hierarchy level, bom ebene"
        ),
        PATH: "path, bom path, structure, outline, hierarchy, wbs, find no, index, gliederung, strukturnummer, pos, position",
        DESIGNATORS: (
            "designators, designator, reference designator, reference designators, refdes, ref des, references, reference, ref, "
            "parts, installation point, einbauplatz, bauteilbezeichner"
        ),
        PER: (
            "per, base quantity, base qty, bom base quantity, basismenge, bmeng, lot size, batch size, batch quantity, "
            "bom header quantity, yield, yield quantity, product qty, product quantity, quantity of product, "
            "quantity to produce, output quantity, ausbringungsmenge, losgroesse"
        ),
    },
    "StandardCost": {
        "Item": _ITEM,
        "Description": (
            "description, item description, item name, name, product name, display name, material description, "
            "materialkurztext, maktx, bezeichnung, artikelbezeichnung, benennung, kurztext, short text, sales description"
        ),
        "Type": (
            "type, item type, material type, materialart, mtart, mat type, product type, beschaffungsart, procurement type, "
            "replenishment system, make buy, make or buy, planning make buy code, item group, item category, item category code, "
            "category, product category, product group, item group code, artikelgruppe, warengruppe, supply type, artikelart"
        ),
        "UoM": _UOM,
        "Material price": (
            "material price, standard price, standardpreis, stprs, standard cost, unit cost, standard unit cost, std cost, "
            "std price, cost, cost price, price, preis, purchase price, einkaufspreis, verrechnungspreis, plan price, planpreis, "
            "valuation rate, standard rate, average cost, last direct cost, default purchase price, material cost, list price"
        ),
        PRICE_PER: _PER_PRICE,
        "Labor hours": (
            "labor hours, labour hours, direct labor hours, run hours, hours per unit, std hours, standard hours, "
            "fertigungsstunden, arbeitsstunden, stunden, vorgabezeit"
        ),
        "Labor rate": (
            "labor rate, labour rate, wage rate, hourly rate, direct labor rate, lohnsatz, stundensatz, stundenlohn"
        ),
        "Variable overhead rate": "variable overhead rate, variable rate, voh rate, variabler gemeinkostensatz",
        "Fixed overhead rate": "fixed overhead rate, fixed rate, foh rate, fixer gemeinkostensatz",
        "Other conversion": "other conversion, other cost, outside processing, subcontracting cost, fremdbearbeitung",
        "Assembly scrap %": (
            "assembly scrap percent, assembly scrap, baugruppenausschuss, baugr ausschuss percent, baugruppenausschuss percent, "
            "ausss, shrinkage rate, shrinkage"
        ),
        "Note": _NOTE,
        CURRENCY: "currency, currency code, crcy, waehrung, waers, whg",
    },
    "Counts": {
        "Date": _DATE,
        "Document": f"{_DOCUMENT}, lot, batch, charge",
        "Event": (
            "event, movement type, mvt, mvt type, bewegungsart, bwa, bwart, transaction type, trans type, type, entry type, "
            "operation type, picking type, stock entry type, purpose, transaction source type, vorgang, art"
        ),
        "Item": _ITEM,
        "Quantity": (
            f"quantity produced, qty produced, produced qty, finished quantity, good quantity, good qty, gutmenge, "
            f"completed quantity, completed qty, qty completed, actual qty, yield, quantity shipped, qty shipped, quantity done, "
            f"done, {_QUANTITY}, output quantity, invoiced quantity"
        ),
        "Note": _NOTE,
    },
    "Scrap": {
        "Date": _DATE,
        "Document": _DOCUMENT,
        "Item": _ITEM,
        "Quantity": (
            f"scrap quantity, scrap qty, scrapped qty, scrapped quantity, ausschussmenge, rejected quantity, "
            f"rejected qty, {_QUANTITY}"
        ),
        "Stage": "stage, scrap stage, stufe",
        "Kind": "kind, scrap kind, scrap type, ausschussart",
        "Salvage value": "salvage value, salvage, scrap value, schrotterloes, schrottwert, recovery",
        "Reason": (
            "reason, reason code, scrap reason, scrap code, return reason code, ausschussgrund, ausschussursache, grund, "
            "abweichungsursache, cause, source location"
        ),
    },
    "Purchases": {
        "Date": _DATE,
        "Document": _DOCUMENT,
        "Item": _ITEM,
        "Quantity": (
            "received quantity, quantity received, qty received, received qty, receipt quantity, received, accepted qty, "
            f"stocked quantity, wareneingangsmenge, we menge, liefermenge, {_QUANTITY}, invoiced quantity, accepted quantity"
        ),
        "Actual price": _PRICE,
        PRICE_PER: _PER_PRICE,
        LINE_TOTAL: (
            "line total, line amount, amount, net amount, net value, nettowert, netwr, nettobetrag, total, total price, "
            "subtotal, betrag, betrag in hauswaehrung, amount in lc, dmbtr, extended price, extended cost, gesamtpreis, wert"
        ),
        CURRENCY: "currency, currency code, crcy, waehrung, waers, whg",
        "Note": f"{_NOTE}, vendor, vendor name, supplier, supplier name, lieferant",
    },
    "Actuals": {
        "Date": _DATE,
        "Document": _DOCUMENT,
        "Cost type": (
            "cost type, cost element name, cost element, kostenart, kostenartenbezeichnung, account, account name, account no, "
            "konto, kontobezeichnung, type, category, pay type, lohnart, expense"
        ),
        "Hours": "hours, hours worked, quantity, qty, stunden, std, arbeitsstunden, total quantity, hrs, paid hours",
        "Amount": (
            "amount, cost, total cost, gross pay, gross, brutto, bruttolohn, betrag, wert, value in co area crcy, "
            "value in objcurr, wert kwaehr, net amount, debit, soll, total, labor cost, amount in lc, betrag in hauswaehrung"
        ),
        "Note": f"{_NOTE}, description, name, employee, mitarbeiter, bezeichnung",
    },
    "Stock": {
        "Item": _ITEM,
        "Opening qty": (
            "opening qty, opening quantity, opening balance, opening, opening stock, beginning quantity, anfangsbestand, "
            "bestand anfang"
        ),
        "Counted qty": (
            "counted qty, counted quantity, count, counted, count quantity, physical count, physical quantity, qty counted, "
            "inventory quantity, gezaehlt, gezaehlte menge, zaehlmenge, zaehlbestand, inventurmenge, qty phys inventory, "
            "current qty, actual count"
        ),
        "Note": f"{_NOTE}, location, bin, lagerort, lagerplatz",
    },
    "WIP": {
        "Item": _ITEM,
        "Quantity": f"wip quantity, quantity in process, qty in process, {_QUANTITY}",
        "Material %": "material percent, material completion, material complete, material fertigstellung",
        "Conversion %": (
            "conversion percent, completion percent, percent complete, degree of completion, fertigstellungsgrad, "
            "conversion complete"
        ),
        "Note": _NOTE,
    },
    "InventoryCount": {},
    "Opening": {},
}  # fmt: skip

#: words of a file's or a sheet's name -> its table
FILE_WORDS: dict[str, str] = {
    "BOM": "bom boms stueckliste stuecklisten stkl bills materials partslist structure components",
    "StandardCost": "items item products product master standard standards materialstamm artikel artikelstamm parts cost costs "
    "preisliste pricelist prices",
    "Counts": "counts count production completed completions produktion fertigmeldung fertigmeldungen sales shipments sold "
    "movements mb51 warenbewegungen materialbelege absatz verkauf output log",
    "Scrap": "scrap ausschuss rejects waste",
    "Purchases": "bills invoices receiving purchases purchase receipts receipt wareneingang wareneingaenge "
    "purchasing einkauf bestellungen goodsreceipt",
    "Actuals": "actuals actual payroll lohn loehne overhead kosten expenses costcenter kostenstelle timesheet wages",
    "Stock": "stock inventory bestand inventur onhand lager stocktake",
    "WIP": "wip inprocess",
}

#: kind of choice column -> our word -> theirs
WORDS: dict[str, dict[str, str]] = {
    "Type": {
        BUY: "buy, purchase, purchased, roh, rohstoff, hawa, handelsware, raw material, raw materials, fremdbezug, f, bought, "
        "purchased item, verp, hibe, zukauf, kaufteil",
        SUBASSEMBLY: "subassembly, sub assembly, sub assemblies, halb, halbfabrikat, semi finished, semifinished, "
        "semi finished good, semi finished goods, wip item",
        PHANTOM: "phantom, kit, dummy, dummy baugruppe, phantom bom, phantom item",
        FINISHED: "finished, finished good, finished goods, fert, fertigerzeugnis, fertigprodukt, erzeugnis",
    },
    "Event": {
        COMPLETED: "completed, completion, production, output, manufacture, produced, 101, wip completion, fertigmeldung, "
        "wip assembly completion, assembly output, build assembly, assembly build, zugang",
        f"-{COMPLETED}": "102, wip assembly return, storno fertigmeldung, unbuild",
        SOLD: "sold, sale, sales, 601, sales order issue, delivery, deliveries, sales shipment, item fulfillment, delivery note, "
        "verkauf, warenausgang lieferung, invoice, shipped, 251",
        f"-{SOLD}": "602, sales return, rma receipt, 252",
    },
    "Cost type": {
        LABOR: "labor, labour, direct labor, direct labour, wages, payroll, lohn, loehne, fertigungslohn, fertigungsloehne",
        VARIABLE_OVERHEAD: "variable overhead, voh, energy, power, electricity, strom, energie, indirect materials, supplies",
        FIXED_OVERHEAD: "fixed overhead, foh, rent, miete, depreciation, abschreibung, abschreibungen, insurance, versicherung",
        CONVERSION: "conversion, conversion costs, conversion cost",
    },
    "Stage": {
        COMPONENT: "component, raw material, komponente, rohstoff",
        FINISHED_UNIT: "finished unit, finished, assembly, fertigteil, erzeugnis",
    },
    "Kind": {NORMAL: "normal, planned, geplant", ABNORMAL: "abnormal, unplanned, ungeplant"},
    "Scrap basis": {OUTPUT: "output", INPUT: "input"},
}  # fmt: skip

_TOTALS = frozenset({
    "total", "totals", "grand total", "sub total", "subtotal", "sum", "report total", "overall total", "summe", "gesamt",
    "gesamtsumme", "zwischensumme", "endsumme", "insgesamt",
})  # fmt: skip
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_OTHERS = re.compile(r"[^a-z0-9]+")
_UNIT = re.compile(r"[(\[][^)\]]*[)\]]\s*$")


def plain(name: object) -> str:
    """A heading or a word in small letters without punctuation: `Qty. per` is "qty per", `Stückzahl` "stueckzahl"."""
    text = str(name).casefold().translate(_UMLAUTS).replace("%", " percent ").replace("ß", "ss")
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _OTHERS.sub(" ", text).strip()


def names_of(heading: str) -> tuple[str, ...]:
    """How a heading may be looked up: as it stands, without the unit behind it, without what stands before a slash."""
    names = [plain(heading), plain(_UNIT.sub("", heading)), plain(heading.replace("_", " "))]
    if "/" in heading:  # Odoo: Product/Internal Reference
        names.append(plain(heading.rpartition("/")[2]))
    return tuple(dict.fromkeys(filter(None, names)))


def _ranks(listed: str) -> dict[str, int]:
    return {plain(name): rank for rank, name in enumerate(listed.split(",")) if name}


def _of_table(table: str) -> dict[str, dict[str, int]]:
    """The headings of the columns that a table has, each with its own name first, and of what helps to fill them."""
    columns = dict.fromkeys(schema.TABLES[table].names, "") | HEADINGS[table]
    known = (*schema.TABLES[table].names, *HELPERS)
    return {name: {**_ranks(listed), plain(name): -1} for name, listed in columns.items() if name in known}


#: table -> column -> plain heading -> rank; our own name is the first
RANKS: dict[str, dict[str, dict[str, int]]] = {table: _of_table(table) for table in HEADINGS}
#: column -> plain word of theirs -> ours
MEANINGS: dict[str, Mapping[str, str]] = {
    column: {plain(word): ours for ours, listed in words.items() for word in listed.split(",")}
    for column, words in WORDS.items()
}
HINTS: dict[str, frozenset[str]] = {table: frozenset(words.split()) for table, words in FILE_WORDS.items()}


def is_total_word(cell: object) -> bool:
    """Whether a cell calls its row a total, in English or German."""
    return isinstance(cell, str) and plain(cell) in _TOTALS
