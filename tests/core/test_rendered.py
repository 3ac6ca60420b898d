"""A list and a structure whose JSON is there already."""

import json

from genkan.core.rendered import Rendered, RenderedItem


def _rendered() -> Rendered:
    return Rendered(['{"Id":1}', '{"Id":2}'], lambda text: {"id": json.loads(text)["Id"]})


def test_its_json_is_the_texts_in_one_array() -> None:
    assert json.loads(_rendered().json) == [{"Id": 1}, {"Id": 2}]
    assert Rendered([], json.loads).json == b"[]"


def test_it_is_read_as_the_list_of_its_items() -> None:
    rendered = _rendered()
    assert rendered == [{"id": 1}, {"id": 2}]
    assert (rendered[0], rendered[1:], len(rendered)) == ({"id": 1}, [{"id": 2}], 2)
    assert list(rendered) == [{"id": 1}, {"id": 2}]


def test_it_is_not_the_list_of_other_items() -> None:
    assert _rendered() != [{"id": 1}]
    assert _rendered() != 5


def test_a_rendered_item_is_read_as_the_mapping_of_its_members() -> None:
    item = RenderedItem('{"Id":1}', lambda text: {"id": json.loads(text)["Id"]})
    assert item.json == b'{"Id":1}'
    assert item == {"id": 1}
    assert item != {"id": 2}
    assert (item["id"], len(item), item.get("other")) == (1, 1, None)


def test_a_rendered_item_is_read_once_and_only_when_it_is_looked_into() -> None:
    read: list[str] = []

    def reading(text: str) -> dict[str, int]:
        read.append(text)
        return {"id": 1}

    item = RenderedItem("{}", reading)
    assert item.json == b"{}"
    assert read == []
    assert [*item, *item.values()] == ["id", 1]
    assert read == ["{}"]
