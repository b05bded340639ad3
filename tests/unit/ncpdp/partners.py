"""A server that says what a partner might, and messages for it to say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from adapters.ncpdp.client import ScriptPartner
from gateway.model import (
    Answer,
    LookupRequest,
    Organisation,
    PersonName,
)
from gateway.ports import PartnerSettings
from tests.factory import NOW, a_lookup
from tests.unit.ncpdp.helpers import (
    NAMESPACE,
    V10_6,
    V2017071,
)

Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Partner:
    """A server that answers every POST with `reply`, and remembers what it was sent."""

    url: str
    reply: Reply | Callable[[bytes], Reply] = (200, {}, b"")
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def says(self, body: str | bytes, status: int = 200, **headers: str) -> None:
        self.reply = (
            status,
            {k.replace("_", "-"): v for k, v in headers.items()},
            body.encode() if isinstance(body, str) else body,
        )

    def ask(self, request: LookupRequest | None = None, version: str | None = V2017071) -> Answer:
        settings = PartnerSettings(url=self.url + "/ncpdp/", token=lambda: "t0ken", format=version, timeout=5)
        client = ScriptPartner(settings, clock=lambda: NOW)
        try:
            return client.ask(request or a_lookup())
        finally:
            client.close()


def message(body: str, version: str = V2017071) -> str:
    """A partner's message around a body."""
    sent = "<SentTime>2026-11-20T10:00:00-05:00</SentTime>"
    head = f"<Header><To>A</To><From>B</From><MessageID>P-1</MessageID>{sent}</Header>"
    if version == V10_6:
        return f'<Message xmlns="{NAMESPACE}" version="010" release="006">{head}<Body>{body}</Body></Message>'
    return f'<Message TransactionVersion="20170715">{head}<Body>{body}</Body></Message>'


def response(verdict: str, rest: str = "") -> str:
    patient = (
        "<Patient><HumanPatient><Name><LastName>Quillfeather</LastName><FirstName>Marigold</FirstName></Name>"
        "<Gender>F</Gender><DateOfBirth><Date>1971-04-09</Date></DateOfBirth></HumanPatient></Patient>"
    )
    return message(f"<RxHistoryResponse><Response>{verdict}</Response>{patient}{rest}</RxHistoryResponse>")


FILL = """<MedicationDispensed><DrugDescription>Zolpidem 10 mg tablet</DrugDescription>
<Quantity><Value>30</Value><CodeListQualifier>38</CodeListQualifier>
<QuantityUnitOfMeasure><Code>C48542</Code></QuantityUnitOfMeasure></Quantity><DaysSupply>30</DaysSupply>
<LastFillDate><Date>2026-02-01</Date></LastFillDate>
<HistorySource><SourceReference>77</SourceReference><FillNumber>00</FillNumber></HistorySource></MedicationDispensed>"""


ROWAN = PersonName(family="Ash", given=("Rowan",))


PHARMACY = Organisation(name="Larkspur Pharmacy", ncpdp_id="1234563", npi="1234567893", dea="BC6486054")
