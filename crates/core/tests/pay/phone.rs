//! Phone numbers in what people write.

use answerbot_core::Policy;
use answerbot_core::pay::phone::{Found, Msisdn, find, is_only_number};

fn number(digits: &str) -> Msisdn {
    digits.parse().expect("a number")
}

fn found(text: &str) -> Found {
    find(text, &Policy::default().paying.mtn_prefixes, false)
}

#[test]
fn a_number_of_mtn_is_found_however_it_is_written() {
    let table: &[(&str, &str)] = &[
        ("Arabic-Indic digits", "٠٩٢١٢٣٤٥٦٧"),
        ("Extended Arabic-Indic digits", "۰۹۲۱۲۳۴۵۶۷"),
        ("Arabic digits in an Arabic sentence", "رقمي هو ٠٩٢ ١٢٣ ٤٥٦٧ شكرا"),
        ("both kinds of digits", "09٢١234٥٦7"),
        ("direction marks of a copied number", "\u{202a}+211 92 123 4567\u{202c}"),
        ("a mark inside", "092\u{200f}1234567"),
        ("keys around digits", "0️⃣9️⃣2️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣"),
        ("wide plus", "＋211921234567"),
        ("spaces that do not break", "092\u{a0}123\u{a0}4567"),
        ("a dash that is none", "092–123–4567"),
        ("national", "0921234567"),
        ("without the 0", "921234567"),
        ("without the 0, in groups", "92 123 4567"),
        ("in threes", "921 234 567"),
        ("international", "+211921234567"),
        ("international in groups", "+211 92 123 4567"),
        ("a space behind the plus", "+ 211 92 123 4567"),
        ("with the 0 in brackets", "+211 (0)92 123 4567"),
        ("with the 0", "+2110921234567"),
        ("dialled", "00211921234567"),
        ("dialled in groups", "00 211 92 123 4567"),
        ("as MTN wants it", "211921234567"),
        ("country code without plus, in groups", "211 921 234 567"),
        ("country code without plus, in other groups", "211 92 123 4567"),
        ("a plus where none belongs", "+0921234567"),
        ("pairs", "09 21 23 45 67"),
        ("a pair that could be a short date", "09-21-23-4567"),
        ("another one", "09-21 23 4567"),
        ("a third one", "09 21-23 4567"),
        ("dashes", "092-123-4567"),
        ("dots", "092.123.4567"),
        ("brackets", "(092) 123-4567"),
        ("spaces and a dash", "092 - 123 - 4567"),
        ("in a sentence", "My number is 0921234567, thank you."),
        ("at the end of a sentence", "Use 0921234567."),
        ("before a sentence", "0921234567.I agree"),
        ("letters before it", "MTN0921234567"),
        ("after an amount", "3000 0921234567"),
        ("after an amount, without the 0", "3000 SSP 921234567"),
        ("after an amount with decimals", "3,000.00 0921234567"),
        ("after decimals, without the 0", "3,000.00 921234567"),
        ("after a zero", "0 0921234567"),
        ("after an amount, in groups", "pay 6500 092 123 4567"),
        ("before an amount", "0921234567 3000 SSP"),
        ("before a choice", "0921234567 1"),
        ("after a choice", "1. 0921234567"),
        ("with a plan", "weekly 0921234567"),
        ("on a line of its own", "3000\n0921234567\nweekly"),
        ("after a foreign one", "+249 912345678 0921234567"),
        ("after a foreign one, in groups", "+249 912345678 092 123 4567"),
        ("after one with a digit too many", "+211 92 123 45678 0921234567"),
        ("after one of another network", "0911111111 or 0921234567"),
        ("the first of two", "0921234567/0927654321"),
        ("the first of two, with a dash", "0921234567-0927654321"),
        ("the first of two, in groups", "092 123 4567 092 765 4321"),
        ("between stars", "*165*0921234567#"),
    ];
    for (label, text) in table {
        assert_eq!(found(text), Found::Mtn(number("211921234567")), "{label}: {text}");
    }
}

#[test]
fn numbers_of_other_networks_are_told_apart() {
    let table: &[(&str, &str, &str)] = &[
        ("Zain", "0911234567", "211911234567"),
        ("Digitel", "+211 98 123 4567", "211981234567"),
        ("Gemtel", "977123456", "211977123456"),
        ("NOTW", "00211951234567", "211951234567"),
        ("Sudatel", "٠١٢٣٤٥٦٧٨٩", "211123456789"),
        ("the first of two", "0911234567 or 0981234567", "211911234567"),
    ];
    for (label, text, digits) in table {
        assert_eq!(found(text), Found::NotMtn(number(digits)), "{label}");
    }
}

#[test]
fn other_digits_are_no_number() {
    let table: &[(&str, &str)] = &[
        ("a date with a dot and an hour", "09.12.2026 10:30"),
        ("a date and a count that would fit", "on 09.9.2026 105 people"),
        ("a date with spaces", "12 12 2026 1"),
        ("a date with one digit", "12 1 2026 10"),
        ("a short date and an amount", "09-12-26 1000"),
        ("a date of a computer", "2026-12-12 10:30"),
        ("an hour and a date", "09 2026-12-12"),
        ("marks", "92 85 77 64 1"),
        ("marks with a hundred", "99 100 98 76"),
        ("a long number in threes", "921 234 567 890 123"),
        ("a round amount that would fit", "is 990 000 000 much?"),
        ("an amount beside its currency", "I have 921500250 SSP"),
        ("an amount behind its currency", "SSP 921500250"),
        ("an amount behind a sign", "$921500250"),
        ("an amount with a sign behind", "921500250€"),
        ("an amount in Arabic", "٩٢١٥٠٠٢٥٠ جنيه"),
        ("an amount with commas", "921,234,567"),
        ("an amount with decimals", "0921234567.50"),
        ("three thousand", "3 000 SSP"),
        ("a year", "in 2026"),
        ("a PIN", "12345"),
        ("a PIN with spaces", "1 2 3 4 5 6"),
        ("a long order number", "20260921234567890"),
        ("an order number with a dash", "order 2026-0921234567"),
        ("an id with letters", "TX921234567"),
        ("an id with letters behind", "921234567AB"),
        ("a card", "4929 2123 4567 8901"),
        ("a digit too many", "09212345678"),
        ("a digit too many, in groups", "092 123 4567 8"),
        ("a digit too many, international", "+211 92 123 45678"),
        ("a digit too few", "092123456"),
        ("a network that does not exist", "0961234567"),
        ("a landline", "0181234567"),
        ("another one", "0941234567"),
        ("Pakistan", "+921234567"),
        ("Sudan", "+249 92 123 4567"),
        ("Sudan, dialled", "00249 92 123 4567"),
        ("Sudan, without plus", "249 921 234 567"),
        ("Sudan, without plus, two groups", "249 921234567"),
        ("Sudan, with a 0 behind a wide plus", "＋249 0921234567"),
        ("Sudan, with a 0 in brackets", "+249 (0)92 123 4567"),
        ("Sudan, dialled, with a 0", "00249 0921234567"),
        ("Uganda", "+256772123456"),
        ("the sandbox outside of the sandbox", "46733123450"),
        ("over two lines", "092\n1234567"),
        ("two halves in a sentence", "092 and 1234567"),
        ("nothing", ""),
        ("no digit", "my number is on the phone"),
        ("other digits", "०९२१२३४५६७"),
    ];
    for (label, text) in table {
        assert_eq!(found(text), Found::None, "{label}: {text}");
    }
}

#[test]
fn the_prefixes_of_mtn_are_a_setting() {
    let of = |prefixes: &[&str], text: &str| {
        find(text, &prefixes.iter().map(ToString::to_string).collect::<Vec<_>>(), false)
    };
    assert_eq!(of(&["91"], "0911234567"), Found::Mtn(number("211911234567")));
    assert_eq!(of(&["91"], "0921234567"), Found::NotMtn(number("211921234567")));
    assert_eq!(of(&["96"], "0961234567"), Found::Mtn(number("211961234567")));
    assert_eq!(of(&["092"], "0921234567"), Found::Mtn(number("211921234567")));
    assert_eq!(of(&["9212"], "0921234567"), Found::Mtn(number("211921234567")));
    assert_eq!(of(&["", "0"], "0921234567"), Found::NotMtn(number("211921234567")));
    assert_eq!(of(&["1"], "0921234567"), Found::NotMtn(number("211921234567")));
    assert_eq!(of(&[], "0921234567"), Found::NotMtn(number("211921234567")));
    assert!(matches!(found("0991234567"), Found::Mtn(_)));
}

#[test]
fn the_sandbox_has_numbers_of_its_own() {
    let found = |text: &str| find(text, &Policy::default().paying.mtn_prefixes, true);
    for text in ["46733123450", "+46733123464", "0046 733 123 457", "use 56733123453 please", "٤٦٧٣٣١٢٣٤٥٠"]
    {
        assert!(matches!(found(text), Found::Mtn(_)), "{text}");
    }
    for text in ["46733123449", "46733123465", "56733123450", "467331234500", "56733123454"] {
        assert_eq!(found(text), Found::None, "{text}");
    }
    assert_eq!(found("0921234567"), Found::Mtn(number("211921234567")));
}

#[test]
fn a_number_alone_is_told_from_one_in_a_sentence() {
    for text in ["0921234567", " +211 92 123 4567 ", "٠٩٢١٢٣٤٥٦٧", "092123456", "+256772123456"] {
        assert!(is_only_number(text), "{text}");
    }
    for text in ["my number is 0921234567", "0921234567 weekly", "12345", "3 000", "", "ok"] {
        assert!(!is_only_number(text), "{text}");
    }
}

#[test]
fn a_number_is_shown_only_where_it_is_asked_for() {
    let (ours, foreign) = (number("211921234567"), number("46733123450"));
    assert_eq!(format!("{ours:?} {:?}", Found::Mtn(foreign)), "Msisdn(*67) Mtn(Msisdn(*50))");
    assert_eq!(format!("{:?}", number("211921234503")), "Msisdn(*03)");
    assert_eq!((ours.digits().as_str(), foreign.digits().as_str()), ("211921234567", "46733123450"));
    assert_eq!((ours.national().as_str(), foreign.national().as_str()), ("0921234567", "+46733123450"));
    assert_eq!((ours.masked().as_str(), foreign.masked().as_str()), ("092*****67", "+46*******50"));
    assert_eq!(serde_json::to_string(&ours).expect("json"), "\"211921234567\"");
    assert_eq!(serde_json::from_str::<Msisdn>("\"211921234567\"").expect("number"), ours);
}

#[test]
fn what_is_stored_is_read_strictly() {
    for bad in
        ["", "2119212", "+211921234567", "0921234567", "211 921234567", "٢١١٩٢١٢٣٤٥٦٧", "1234567890123456"]
    {
        assert!(bad.parse::<Msisdn>().is_err(), "{bad}");
        assert!(serde_json::from_str::<Msisdn>(&format!("{bad:?}")).is_err(), "{bad}");
    }
}

#[test]
fn files_and_operators_write_one_number_in_many_ways() {
    let table: &[(&str, Option<&str>)] = &[
        ("FRI:211921234567/MSISDN", Some("211921234567")),
        (" 211921234567 ", Some("211921234567")),
        ("+211 (0)92 123-4567", Some("211921234567")),
        ("0921234567", Some("211921234567")),
        ("00211921234567", Some("211921234567")),
        ("921234567", Some("211921234567")),
        ("46733123450", Some("46733123450")),
        ("0046733123450", Some("46733123450")),
        ("0012345678", Some("12345678")),
        ("FRI:answerbot/USER", None),
        ("ID:merchant.1/USER", None),
        ("2.11921E+11", None),
        ("12", None),
        ("0000211921234567", None),
        ("", None),
    ];
    for (text, expected) in table {
        assert_eq!(Msisdn::read(text), expected.map(number), "{text}");
    }
}
