//! Statements of the partner account.

use answerbot_core::Time;
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::statement::{BadLine, LONGEST, Line, StatementError, Status, read};

fn at(text: &str) -> Time {
    let point: jiff::Timestamp = text.parse().expect("a time");
    Time::from_millis(point.as_millisecond())
}

fn whole() -> Line {
    Line {
        number: 2,
        mtn_id: "1234567890".into(),
        external_id: Some("ab1.7.weekly.1.3".into()),
        reference: None,
        at: Some(at("2026-12-12T12:05:06Z")),
        status: Status::Successful,
        is_credit: true,
        payer: Some("211921234567".parse().expect("a number")),
        amount: Money::whole(3_000, Currency::Ssp),
    }
}

/// The one line of a statement.
fn only(text: &str) -> Result<Line, BadLine> {
    let mut lines = read(text).expect("a statement");
    assert_eq!(lines.len(), 1, "{text}");
    lines.remove(0)
}

/// One line with these cells for date, status, type, payer and amount.
fn line(date: &str, status: &str, kind: &str, payer: &str, amount: &str) -> Result<Line, BadLine> {
    only(&format!("Id;Date;Status;Type;From;Amount\n7;{date};{status};{kind};{payer};{amount}"))
}

fn why(result: Result<Line, BadLine>) -> String {
    result.expect_err("a bad line").to_string()
}

#[test]
fn a_statement_is_read_in_any_dress() {
    let table: &[(&str, &str)] = &[
        (
            "a byte order mark, semicolons, Windows line ends, and all cells quoted",
            "\u{feff}\"Id\";\"External id\";\"Date\";\"Status\";\"Type\";\"From\";\"Amount\";\"Currency\"\r\n\
             \"1234567890\";\"ab1.7.weekly.1.3\";\"2026-12-12 14:05:06\";\"Successful\";\"Payment\";\
             \"FRI:211921234567/MSISDN\";\"3,000.00\";\"SSP\"\r\n",
        ),
        (
            "no line end at the end",
            "Id,External id,Date,Status,Type,From,Amount,Currency\n\
             1234567890,ab1.7.weekly.1.3,2026-12-12 14:05:06,SUCCESSFUL,Payment,211921234567,3000,SSP",
        ),
        (
            "other names, another order, columns that are not needed",
            "CURRENCY,Payer,Fee,transaction-type,Financial_Transaction_Id,Amount,Status,\"Date and time\",\
             External Transaction ID,Note\n\
             SSP,0921234567,10,Credit,1234567890,3000.0,Completed,12/12/2026 14:05:06,ab1.7.weekly.1.3,\"a, \"\"b\"\"\"\n",
        ),
        (
            "tabs, old Mac line ends, and a name that is there twice",
            "Transaction ID\tExternal id\t\"External id\"\tCreated\tStatus\tSender\tAmount\r\
             1234567890\tab1.7.weekly.1.3\tx\t2026-12-12T14:05:06+02:00\tSuccess\t+211 92 123 4567\t\"3 000\"\r",
        ),
        (
            "empty cells behind the last column, and rows of nothing",
            "Id,External id,Date,Status,From,Amount\n\
             1234567890,ab1.7.weekly.1.3,12 Dec 2026 2:05:06 PM,Successful,'211921234567,3000,,\n,,,,,\n  \n\n",
        ),
        (
            "the currency beside the amount, not that of the fee",
            "Id,External id,Date,Status,From,Fee,Currency,Amount,Currency,Balance,Currency\n\
             1234567890,ab1.7.weekly.1.3,2026-12-12 14:05:06,Successful,211921234567,1,EUR,3000,SSP,5,EUR\n",
        ),
        (
            "MTN's id where the file has another one, too",
            "Id,Financial transaction id,External id,Date,Status,From,Amount\n\
             99,1234567890,ab1.7.weekly.1.3,2026-12-12 14:05:06,Successful,211921234567,3000\n",
        ),
    ];
    for (label, text) in table {
        assert_eq!(read(text).expect(label), [Ok(whole())], "{label}");
    }
}

#[test]
fn a_cell_may_hold_the_delimiter_quotes_and_lines_and_the_lines_are_counted_on() {
    let text = "Id,Note,Status,Amount\r\n\
                1,\"a, \"\"b\"\"\r\nand\nmore\",Successful,\"3,000.00\"\r\n\
                \r\n\
                2,x,Successful,3000\r\n\
                3,\"two\nlines\",Successful,oops\r\n\
                4,x,Successful,5\r\n";
    let lines = read(text).expect("a statement");
    let told: Vec<_> = lines
        .iter()
        .map(|it| match it {
            Ok(line) => (line.number, line.mtn_id.as_str(), line.number),
            Err(bad) => (bad.number, "bad", bad.last),
        })
        .collect();
    assert_eq!(told, [(2, "1", 2), (6, "2", 6), (7, "bad", 8), (9, "4", 9)]);
}

#[test]
fn dates_are_read_as_clocks_in_juba_showed_them() {
    let table: &[(&str, &str)] = &[
        ("2026-12-12 00:00:00", "2026-12-11T22:00:00Z"),
        ("2026-12-12", "2026-12-11T22:00:00Z"),
        ("2028-02-29 23:59", "2028-02-29T21:59:00Z"),
        ("2020-06-01 12:00", "2020-06-01T09:00:00Z"),
        ("2026-12-12T14:05:06.789", "2026-12-12T12:05:06.789Z"),
        ("2026-12-12T14:05:06Z", "2026-12-12T14:05:06Z"),
        ("2026-12-12 14:05:06+00:00", "2026-12-12T14:05:06Z"),
        ("2026/12/12 14:05", "2026-12-12T12:05:00Z"),
        ("03/12/2026 14:05", "2026-12-03T12:05:00Z"),
        ("3/12/2026 9:05", "2026-12-03T07:05:00Z"),
        ("03-12-2026", "2026-12-02T22:00:00Z"),
        ("03.12.2026 14:05", "2026-12-03T12:05:00Z"),
        ("3 Dec 2026, 2:05 pm", "2026-12-03T12:05:00Z"),
        ("3-Dec-2026 12:05 AM", "2026-12-02T22:05:00Z"),
        ("3 December 2026 14:05", "2026-12-03T12:05:00Z"),
        ("Dec 3, 2026 14:05", "2026-12-03T12:05:00Z"),
    ];
    for (text, expected) in table {
        assert_eq!(line(text, "Successful", "", "", "1").expect(text).at, Some(at(expected)), "{text}");
    }
    assert_eq!(line("", "Successful", "", "", "1").expect("a line").at, None);
    for text in [
        "12/31/2026 14:05",
        "12/12/26",
        "2027-02-29",
        "2026-12-12 25:00",
        "2026-12-12 14:05 tomorrow",
        "1026-12-12 14:05",
        "46368.58",
        "soon",
    ] {
        assert_eq!(
            why(line(text, "Successful", "", "", "1")),
            format!("line 2: the date \"{text}\" is not understood; write it as 2026-12-31 14:05")
        );
    }
}

#[test]
fn only_words_of_success_are_success() {
    let of = |text: &str| line("", text, "", "", "1").expect("a line").status;
    for text in ["Successful", "SUCCESS", " completed "] {
        assert_eq!(of(text), Status::Successful, "{text}");
    }
    for text in ["Pending", "CREATED", "In progress"] {
        assert_eq!(of(text), Status::Pending, "{text}");
    }
    for text in ["FAILED", "Rejected", "Time-out"] {
        assert_eq!(of(text), Status::Failed, "{text}");
    }
    for text in ["Unsuccessful", "Successful?no", "Reversed"] {
        assert_eq!(of(text), Status::Other(text.into()), "{text}");
    }
    assert_eq!(why(line("", "", "", "", "1")), "line 2: it has no status, such as Successful");
}

#[test]
fn the_sign_says_which_way_money_went_and_else_the_type_does() {
    let ways = |rows: &[(&str, &str)]| {
        let rows = rows.iter().map(|(kind, amount)| format!("7,{kind},{amount},Successful\n"));
        let text = format!("Id,Type,Amount,Status\n{}", rows.collect::<String>());
        let lines = read(&text).expect("a statement").into_iter().map(|it| it.expect("a line"));
        lines.map(|it| (it.is_credit, it.amount.minor())).collect::<Vec<_>>()
    };
    // With signs, "Debit" is only the name of a request to pay, and a reversal can bring money back.
    assert_eq!(
        ways(&[("Debit", "5"), ("Reversal", "6"), ("Transfer", "-7"), ("Credit", "\u{2212}8")]),
        [(true, 500), (true, 600), (false, 700), (false, 800)]
    );
    assert_eq!(ways(&[("Payment", "5"), ("CREDIT", "5"), ("Transfer", "5"), ("", "5")]), [(true, 500); 4]);
    assert_eq!(
        ways(&[
            ("DEBIT", "5"),
            ("Cash out", "5"),
            ("Refund", "5"),
            ("Withdrawal", "5"),
            ("Service fee", "5")
        ]),
        [(false, 500); 5]
    );
}

#[test]
fn a_bad_line_is_told_and_its_neighbours_are_read() {
    let table: &[(&str, &str, &str)] = &[
        (
            "an amount that is not quoted",
            "2,x,Successful,0921234567,3,000.00,SSP",
            "it has 7 cells where the first line names 6; quote a cell that holds the delimiter, such as \"3,000.00\"",
        ),
        (
            "a cell too few",
            "2,x,Successful,3000",
            "it has 4 cells where the first line names 6; quote a cell that holds the delimiter, such as \"3,000.00\"",
        ),
        ("no id", ",x,Successful,0921234567,3000,SSP", "it has no id of MTN's, such as 1234567890"),
        (
            "an id that was rounded",
            "1.23E+09,x,Successful,0921234567,3000,SSP",
            "a spreadsheet program rounded a number to something such as 2.11E+11; export the statement again and \
             do not save it there",
        ),
        (
            "a payer who was rounded",
            "2,x,Successful,2.11921E+11,3000,SSP",
            "a spreadsheet program rounded a number to something such as 2.11E+11; export the statement again and \
             do not save it there",
        ),
        (
            "a decimal comma",
            "2,x,Successful,0921234567,\"12,50\",SSP",
            "the amount \"12,50\": an amount is digits with at most two decimals, such as 3000 or 12.50",
        ),
        (
            "no amount",
            "2,x,Successful,0921234567,,SSP",
            "the amount \"\": an amount is digits with at most two decimals, such as 3000 or 12.50",
        ),
        (
            "a number where the amount should be is not repeated",
            "2,x,Successful,3000,0921234567x,SSP",
            "the amount \"(a number)\": an amount is digits with at most two decimals, such as 3000 or 12.50",
        ),
        (
            "another currency",
            "2,x,Successful,0921234567,3000,UGX",
            "the currency \"UGX\": a currency is SSP or EUR, such as SSP",
        ),
        (
            "no currency",
            "2,x,Successful,0921234567,3000,",
            "the currency \"\": a currency is SSP or EUR, such as SSP",
        ),
        ("the totals", "Total,,,,9000,SSP", "it has no status, such as Successful"),
    ];
    for (label, row, sentence) in table {
        let good = |id| format!("{id},x,Successful,0921234567,3000,SSP");
        let text = format!("Id,External id,Status,From,Amount,Currency\n{}\n{row}\n{}\n", good(1), good(3));
        let lines = read(&text).expect(label);
        assert_eq!(lines.len(), 3, "{label}");
        assert!(lines[0].is_ok() && lines[2].as_ref().is_ok_and(|it| it.number == 4), "{label}");
        assert_eq!(why(lines[1].clone()), format!("line 3: {sentence}"), "{label}");
    }
}

#[test]
fn a_quote_that_nothing_closes_hides_no_line_in_silence() {
    // In the last column, where the number of cells would be right.
    let text = "Id,Status,Amount,Note\n1,Successful,5,x\n2,Successful,5,\"y\n3,Successful,5,z\n";
    let lines = read(text).expect("a statement");
    assert!(lines[0].is_ok());
    assert_eq!(
        why(lines[1].clone()),
        "lines 3 to 4: a quote opens here that nothing closes, so this line and all below it were not read; close \
         it, or export the statement again"
    );
    assert_eq!(lines.len(), 2);
    // Even when it is all that its line holds.
    assert_eq!(read("Id,Status,Amount\n\"").expect("a statement").len(), 1);
}

#[test]
fn an_account_that_is_no_phone_has_no_payer() {
    assert_eq!(line("", "Successful", "", "FRI:acme/USER", "1").expect("a line").payer, None);
    assert_eq!(line("", "Successful", "", "", "1").expect("a line").payer, None);
}

#[test]
fn an_unknown_layout_is_refused_and_says_what_is_missing_and_what_is_there() {
    let told = |text: &str| read(text).expect_err("refused").to_string();
    assert_eq!(
        told("When;What;Amount\n1;2;3"),
        "the statement has no column Id and no Status; it has When, What, Amount; export it as CSV with columns such \
         as Id, External id, Date, Status, Type, From, Amount, Currency"
    );
    // A file without names must not show people's numbers.
    let shown = told("1,+211 92 123 4567,3000\n");
    assert!(
        shown.contains("it has 1, (a number), 3000")
            && shown.contains("no column Id and no Status and no Amount")
    );
    let Err(StatementError::UnknownLayout { found, .. }) = read(&"a very long name,".repeat(1_000)) else {
        panic!("read")
    };
    assert_eq!(found.len(), 40);
    assert!(told("\u{feff}\n\r\n ,,\n").starts_with("the statement is empty;"));
    assert!(told("").starts_with("the statement is empty;"));
    assert!(told(&"x".repeat(LONGEST + 1)).starts_with("the statement has more than 16 MiB;"));
    assert_eq!(read("Id,Status,Amount\n"), Ok(vec![]));
}
