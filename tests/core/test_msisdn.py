"""Phone numbers as typed: lenient about how they are spaced, never about what was meant."""

import phonenumbers
import pytest

from core.msisdn import mask_msisdn, masked_at_home, national_digits, parse_msisdn


@pytest.mark.parametrize(
    "typed",
    [
        *("+254711000111", "0711000111", " 0711 000-111 ", "(0711) 000.111", "254711000111"),
        *("00254711000111", "00 254 711 000 111", "000254711000111", "711000111"),
        *("0711\u00a0000\u00a0111", "\u202a+254711000111\u202c", "0711\u2011000\u2011111"),
        *("\u200b0711000111\ufeff", "+254 (0) 711 000 111"),
    ],
)
def test_a_number_is_read_however_it_is_spaced(typed: str) -> None:
    assert parse_msisdn(typed, "KE") == "+254711000111"


@pytest.mark.parametrize(
    "typed",
    [
        *("", "hello", "07", "+44 20", "0711000111000111", "7"),
        *("0722000001*2", "0711000111#", "0711000111x5", "0711000111 ext 5", "0711JUMA11"),
        *("tel:+254711000111", "+254711000111;isub=5", "٠٧١١٠٠٠١١١", "0711000111+"),
    ],
)
def test_what_holds_anything_else_is_no_number(typed: str) -> None:
    with pytest.raises(ValueError, match="not a phone number"):
        parse_msisdn(typed, "KE")


@pytest.mark.parametrize(
    ("typed", "country"),
    [
        *(
            ("+2547713478557", "KE"),
            ("072210000", "KE"),
            ("0201234567", "KE"),
            ("0800123456", "KE"),
        ),
        *(("0772123", "UG"), ("077212345", "UG"), ("+2560772123", "UG"), ("+256077212345", "UG")),
        *(
            ("+88888", "KE"),
            ("+4420", "KE"),
            ("+1202555", "KE"),
            ("+49123", "KE"),
            ("254722", "KE"),
        ),
    ],
)
def test_a_number_that_no_mobile_could_have_is_refused(typed: str, country: str) -> None:
    with pytest.raises(ValueError, match="not a phone number"):
        parse_msisdn(typed, country)


@pytest.mark.parametrize(
    "typed", ["254722100014.0", "0722100014.00", "0722100014/0733100014", "0722100014/5", "2.5E+11"]
)
def test_what_a_spreadsheet_left_of_a_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="not a phone number"):
        parse_msisdn(typed, "KE")


@pytest.mark.parametrize("typed", ["0119123456", "0799123456", "0322123456"])
def test_a_prefix_given_out_after_our_list_was_made_is_read(typed: str) -> None:
    assert parse_msisdn(typed, "KE") == "+254" + typed[1:]


def test_every_countrys_own_mobile_numbers_are_read() -> None:
    for country in phonenumbers.SUPPORTED_REGIONS - {"TA"}:  # Tristan da Cunha has no mobiles
        number = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
        assert number is not None
        msisdn = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        at_home = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)

        assert parse_msisdn(msisdn, "ZZ") == parse_msisdn(at_home, country) == msisdn
        assert msisdn == f"+{number.country_code}{national_digits(msisdn)}"


def test_others_see_a_number_masked() -> None:
    assert mask_msisdn("+254711000111") == "+25471***111"


def test_a_number_masked_as_it_is_dialled_at_home() -> None:
    assert masked_at_home("+254722000123") == "07xx xxx 123"
    assert masked_at_home("+256772000123") == "07xx xxx 123"
    assert masked_at_home("+33612345678") == "06xx xxx 678"
    assert masked_at_home("+999123456") == "99x xxx 456"
