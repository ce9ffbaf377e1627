"""Names of files in multipart bodies, in every way that clients write them."""

import pytest

from functions.edge.body.parts import read_files
from shared.errors import BadImageBatch


def body(*dispositions: bytes) -> bytes:
    parts = [b"--XX\r\nContent-Disposition: form-data; %b\r\n\r\npicture\r\n" % each for each in dispositions]
    return b"".join(parts) + b"--XX--\r\n"


def names(*dispositions: bytes) -> list[str]:
    files = read_files("multipart/form-data; boundary=XX", body(*dispositions))
    assert [file.contents for file in files] == [b"picture"] * len(dispositions)
    return [file.name for file in files]


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('name="i"; filename="a.jpg"', "a.jpg"),
        ('name="i"; filename="写真.jpg"', "写真.jpg"),
        ("name=i; filename=voilà", "voilà"),
        ("name=\"i\"; filename*=UTF-8''%e5%86%99%e7%9c%9f.jpg", "写真.jpg"),
        ("name=i; filename=\"x.jpg\"; filename*=utf-8'ja'%E5%86%99.jpg", "写.jpg"),
        ("filename*=\"iso-8859-1''caf%e9.jpg\"; name=i", "café.jpg"),
        ("name=i; filename*=shift_jis''%8e%ca.jpg", "写.jpg"),
        ("name=i; filename*=unknown''caf%c3%a9.jpg", "café.jpg"),
        ("name=i; filename*=punycode''a-b.jpg", "a-b.jpg"),
        ("name=i; filename*=; filename=b.jpg", "b.jpg"),
        ('name="i"; filename="=?UTF-8?B?5YaZ55yfLmpwZw==?="', "写真.jpg"),
        ('name="i"; filename="=?iso-8859-1?Q?caf=E9.jpg?="', "café.jpg"),
        ('name="i"; filename="=?UTF-8?B?5?="', "=?UTF-8?B?5?="),
        ('name="i"; filename="a%22b%0D%0A.jpg"', 'a"b\r\n.jpg'),
        ('name="i"; filename="100%.jpg"', "100%.jpg"),
        (r'name="i"; filename="a\"b; c.jpg"', 'a"b; c.jpg'),
        (r'name="i"; filename="E:\photos\a.jpg"', r"E:\photos\a.jpg"),
        (r'name="i"; filename="E:\\photos\\a.jpg"', r"E:\photos\a.jpg"),
        (r'name="i"; filename="\\host\share\a.jpg"', r"\\host\share\a.jpg"),
        (r'name="i"; filename="C:\photos\"', "C:\\photos\\"),
        ("name=i; filename=my photo.jpg", "my photo.jpg"),
        ("name=i;filename = a.jpg ;x=y", "a.jpg"),
        ('name="i; filename=evil"; filename="good"', "good"),
        ('name="i"; filename=""', "i"),
        ('name="写"', "写"),
        ('name="i"; filename="' + "é" * 5_000 + '.jpg"', "é" * 5_000 + ".jpg"),
    ],
)
def test_a_name_comes_back_whole(disposition, name):
    assert names(disposition.encode()) == [name]


def test_a_name_that_is_no_utf8_is_read_as_windows_writes_it():
    assert names('name=i; filename="café €.jpg"'.encode("cp1252"), b'name=i; filename="\x81\x8d.jpg"') == [
        "café €.jpg",
        "\x81\x8d.jpg",
    ]


@pytest.mark.parametrize("name", ["写真.jpg", "ソ表", "能", "ー"])
@pytest.mark.parametrize("encoding", ["shift_jis", "euc_jp", "gb18030"])
def test_a_name_in_another_encoding_costs_no_picture(name, encoding):
    garbled, *others = names(b'name="i"; filename="%b"' % name.encode(encoding), b'name="i"; filename="good.jpg"')
    assert garbled
    assert others == ["good.jpg"]


def test_a_head_beyond_all_measure_is_refused():
    with pytest.raises(BadImageBatch, match="header length"):
        names(b'name="i"; filename="%b"' % (b"a" * 70_000))
