import pytest

from adapters._wire import child, children, local, parse, path_of, text

MESSAGE = parse(
    b"""<s:Message xmlns:s="http://www.ncpdp.org/schema/SCRIPT" xmlns:o="urn:other">
      <Header><MessageID>  A1
      </MessageID><Empty/><Blank>   </Blank></Header>
      <o:Body>
        <s:Response>
          <Medication><Name>one</Name></Medication>
          <o:Medication><Name>two</Name><Drug xmlns="urn:third"><NDC>3</NDC></Drug></o:Medication>
        </s:Response>
      </o:Body>
    </s:Message>"""
)


def test_local_names_are_enough_in_any_namespace() -> None:
    assert local(MESSAGE) == "Message"
    assert text(MESSAGE, "Header", "MessageID") == "A1"
    assert text(MESSAGE, "Body", "Response", "Medication", "Name") == "one"
    assert [
        text(medication, "Name") for medication in children(child(MESSAGE, "Body", "Response"), "Medication")
    ] == [
        "one",
        "two",
    ]


@pytest.mark.parametrize(
    "path", [("Header", "Empty"), ("Header", "Blank"), ("Header", "None"), ("None", "MessageID")]
)
def test_absent_and_empty_are_none(path: tuple[str, ...]) -> None:
    assert text(MESSAGE, *path) is None


def test_none_leads_to_none() -> None:
    assert child(None, "Header") is None
    assert text(None) is None
    assert text(child(MESSAGE, "None"), "Header") is None
    assert children(None, "Header") == []


def test_an_empty_path_is_the_element_itself() -> None:
    header = child(MESSAGE, "Header", "MessageID")
    assert child(header) is header
    assert text(header) == "A1"


def test_paths_name_local_names_and_positions_where_siblings_share_one() -> None:
    first, second = children(child(MESSAGE, "Body", "Response"), "Medication")
    assert path_of(MESSAGE) == "Message"
    assert path_of(first) == "Message/Body/Response/Medication[1]"
    ndc = child(second, "Drug", "NDC")
    assert ndc is not None
    assert path_of(ndc) == "Message/Body/Response/Medication[2]/Drug/NDC"
