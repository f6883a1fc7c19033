"""Portal files of M-Pesa as real ones come, made from a seed, with a ledger of their own.

`PortalMonth(seed, shortcode, begin)` has what moved on the account and the sums that a correct set
of books must come to; `content()` is the file. A seed decides everything: which rows there are, how
signs, zeros, dates, names and receipts are written, which columns are missing, in what order the
rows stand, what separates the columns and how the text is encoded.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from random import Random

NAIROBI = timezone(timedelta(hours=3))

_PAYMENTS = ("Pay Bill", "Pay Bill Online", "Pay Utility", "Buy Goods", "Merchant Payment Online",
             "Customer Payment to Small Business")  # fmt: skip
_TO_BANK = ("Organization Settlement", "Organisation Settlement to Bank", "Revenue Settlement",
            "Merchant Account to Organization Settlement Account")  # fmt: skip
_OTHERS = ("Salary Payment", "Business Payment to Customer", "Business Buy Goods", "Pochi")
_REVERSALS = ("Transaction Reversal", "Pay Bill Reversal", "Reversal")
_NAMES = ("JANE DOE", "CHARGES LTD", "W. REVERSAL", "FEE KAMAU", "TARIFF & SONS", "ZOÉ N'DOUR")
_SIZE = 30
_DATES = ("%Y-%m-%d %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d-%m-%Y %H:%M",
          "%Y-%m-%d %H:%M:%S.0", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y\r%H:%M:%S")  # fmt: skip
_OPTIONAL = ("Initiation Time", "Balance", "Balance Confirmed", "Reason Type", "Other Party Info",
             "Linked Transaction ID", "A/C No.")  # fmt: skip
_COLUMNS = ("Receipt No.", "Completion Time", "Initiation Time", "Details", "Transaction Status",
            "Paid In", "Withdrawn", "Balance", "Balance Confirmed", "Reason Type",
            "Other Party Info", "Linked Transaction ID", "A/C No.")  # fmt: skip


@dataclass(frozen=True)
class PortalRow:
    """What moved: `signed_minor` is what the account gained, `written` the type of the row."""

    receipt: str
    written: str
    signed_minor: int
    at: datetime
    account: str = ""
    party: str = ""
    undoes: str = ""
    is_done: bool = True

    @property
    def is_payment(self) -> bool:
        return self.written in _PAYMENTS and self.is_done


class PortalFile:
    """Rows as the portal writes them. `missing` are the columns that the file has not."""

    def __init__(self, seed: int, shortcode: str, opening_minor: int = 0) -> None:
        self.seed, self.shortcode, self.opening_minor = seed, shortcode, opening_minor
        self.rows: list[PortalRow] = []
        self.missing: set[str] = set()

    def content(self) -> bytes:
        """The file."""
        random = Random(self.seed + 1)
        separator = random.choice((",", ",", ";", "\t"))
        written = io.StringIO(newline="")
        if random.random() < 0.2:
            written.write(f"sep={separator}\r\n")
        writer = csv.writer(written, delimiter=separator)
        if random.random() < 0.8:
            writer.writerow(["Organization Name", "Jua Energy, Ltd"])
        writer.writerow(["Short Code", self.shortcode])
        writer.writerows([["Time Period", "all of it"], []])
        columns = [name for name in _COLUMNS if name not in self.missing]
        writer.writerow(columns)
        lines = self._lines(random)
        for line in lines if random.random() < 0.5 else reversed(lines):
            writer.writerow([line[name] for name in columns])
        if random.random() < 0.5:
            writer.writerow(["Total", *[""] * 4, "1,000.00", "-1,000.00"][: len(columns)])
        coding = random.choice(("utf-8", "utf-8-sig", "cp1252", "utf-16"))
        return written.getvalue().encode(coding)

    def _lines(self, random: Random) -> list[dict[str, str]]:
        zero, is_grouped = random.choice(("", "0.00", "0")), random.random() < 0.5
        sign, shapes = random.choice(("-", "")), random.sample(_DATES, random.choice((1, 3)))
        in_paid_in, small = random.random() < 0.3, random.random() < 0.3
        balance, lines = self.opening_minor, []
        for row in self.rows:
            balance += row.signed_minor if row.is_done else 0
            amount = _major(abs(row.signed_minor), is_grouped)
            is_in, is_reversal = row.signed_minor > 0, bool(row.undoes)
            paid_in, withdrawn = (amount, zero) if is_in else (zero, sign + amount)
            if is_reversal and in_paid_in:
                paid_in, withdrawn = f"-{amount}", zero
            time = row.at.astimezone(NAIROBI).strftime(random.choice(shapes))
            lines.append({
                "Receipt No.": row.receipt.lower() if small else row.receipt,
                "Completion Time": time, "Initiation Time": time, "Details": self._details(row),
                "Transaction Status": "Completed" if row.is_done else random.choice(
                    ("Failed", "Cancelled", "Expired")),
                "Paid In": paid_in, "Withdrawn": withdrawn,
                "Balance": _major(balance, is_grouped), "Balance Confirmed": "true",
                "Reason Type": row.written, "Other Party Info": row.party,
                "Linked Transaction ID": row.undoes, "A/C No.": row.account,
            })  # fmt: skip
        return lines

    def _details(self, row: PortalRow) -> str:
        if row.undoes:
            return f"{row.written} of {row.undoes} by {_NAMES[1]}"
        if row.account:
            return f"{row.written} from {row.party} Acc. {row.account}"
        return f"{row.written} by {_NAMES[2]}"


class PortalMonth(PortalFile):
    """The rows of a month, and the generator's own ledger of them.

    Amounts are in minor units. `opening_minor` was on the account before the first row,
    `returned` is what went back of each payment, by receipt; `bank_minor`, `fees_minor` and
    `others_minor` are what our bank, the provider's fees and others (staff, suppliers) gained.
    """

    def __init__(
        self,
        seed: int,
        shortcode: str,
        begin: datetime,
        accounts: tuple[str, ...],
        *,
        with_others: bool = False,
    ) -> None:
        self._random = Random(seed)
        super().__init__(seed, shortcode, self._random.choice((0, 1000_00, 12_345_67)))
        self.accounts = accounts
        self._at = begin
        self._number = 0
        self.returned: Counter[str] = Counter()
        self.bank_minor = self.fees_minor = self.others_minor = 0
        self._others = 2 if with_others else 0
        while len(self.rows) < _SIZE:
            self._add()
        self.missing = set(self._random.sample(_OPTIONAL, self._random.randrange(4)))

    @property
    def payments(self) -> list[PortalRow]:
        return [row for row in self.rows if row.is_payment]

    @property
    def has_balance(self) -> bool:
        return "Balance" not in self.missing

    @property
    def closing_minor(self) -> int:
        return self.opening_minor + sum(row.signed_minor for row in self.rows if row.is_done)

    def _add(self) -> None:
        kinds = (self._pay, self._reverse, self._settle, self._charge, self._fail, self._other)
        self._random.choices(kinds, (10, 2, 2, 1, 1, self._others))[0]()

    def _row(self, written: str, signed_minor: int, **more: str | bool) -> PortalRow:
        self._at += timedelta(seconds=self._random.randint(60, 36_000))
        self._number += 1
        receipt = f"S{self.shortcode[-5:]}{self._number:04d}"
        row = PortalRow(receipt, written, signed_minor, self._at, **more)  # type: ignore[arg-type]
        self.rows.append(row)
        return row

    def _fee_under(self, row: PortalRow, written: str) -> None:
        minor = self._random.choice((1_00, 5_00, 12_50))
        self.fees_minor += minor
        self.rows.append(PortalRow(row.receipt, written, -minor, row.at))

    def _party(self) -> str:
        number = self._random.choice(("2547 ***** 126", "254711000009", "0711000009"))
        return f"{number} - {self._random.choice(_NAMES)}"

    def _pay(self) -> None:
        row = self._row(
            self._random.choice(_PAYMENTS),
            self._random.choice((50_00, 500_00, 1_200_00, 12_345_00)),
            account=self._random.choice(self.accounts),
            party=self._party(),
        )
        if self._random.random() < 0.3:
            self._fee_under(row, "Pay Bill Charge")

    def _reverse(self) -> None:
        """Take back a payment of this file: all that is left of it, or a part."""
        left = [row for row in self.payments if row.signed_minor > self.returned[row.receipt]]
        if not left:
            return
        paid = self._random.choice(left)
        minor = paid.signed_minor - self.returned[paid.receipt]
        if minor > 20_00 and self._random.random() < 0.3:
            minor -= 20_00
        self.returned[paid.receipt] += minor
        self._row(self._random.choice(_REVERSALS), -minor, undoes=paid.receipt)

    def _settle(self) -> None:
        """Move money to our bank, or from it."""
        if self._random.random() < 0.3:
            self.bank_minor -= 600_00
            self._row("Organization Settlement", 600_00, party="KCB BANK")
            return
        self.bank_minor += 300_00
        row = self._row(self._random.choice(_TO_BANK), -300_00)
        if self._random.random() < 0.5:
            self._fee_under(row, "Organization Settlement Charge")

    def _charge(self) -> None:
        """The provider takes a charge by itself, or gives one back."""
        minor = self._random.choice((-30_00, -7_00, 7_00))
        self.fees_minor -= minor
        self._row("Business Pay Bill Charge", minor)

    def _fail(self) -> None:
        self._row(self._random.choice(_PAYMENTS), 999_00, party=self._party(), is_done=False)

    def _other(self) -> None:
        """Money that is no customer's: out to staff and suppliers, or back from them."""
        minor = self._random.choice((-5_000_00, -40_00, 40_00))
        self.others_minor -= minor
        self._row(self._random.choice(_OTHERS), minor, party="254711000077 - PAY BILL KAMAU")

    @property
    def others(self) -> list[PortalRow]:
        return [row for row in self.rows if row.written in _OTHERS]


def _major(minor: int, is_grouped: bool) -> str:
    text = f"{abs(minor) / 100:,.2f}" if is_grouped else f"{abs(minor) / 100:.2f}"
    return f"-{text}" if minor < 0 else text
