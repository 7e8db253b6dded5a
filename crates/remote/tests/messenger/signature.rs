use answerbot_ports::channel::Channel;
use answerbot_remote::messenger::{Deadlines, Messenger, MessengerConfig};

use crate::support::{client, config};

// RFC 4231, test case 2.
const KEY: &str = "Jefe";
const BODY: &[u8] = b"what do ya want for nothing?";
const DIGITS: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

fn channel(current: &str, old: Option<&str>) -> Messenger {
    let config = MessengerConfig {
        app_secret: current.into(),
        app_secret_old: old.map(Into::into),
        ..config("http://localhost")
    };
    Messenger::new(config, client(), Deadlines::default())
}

#[test]
fn only_the_exact_signature_over_the_raw_bytes_is_taken() {
    let right = format!("sha256={DIGITS}");
    let channel = channel(KEY, None);
    assert!(channel.verify(Some(&right), BODY));
    let table = [
        ("none", None),
        ("an empty one", Some(String::new())),
        ("the bare digits", Some(DIGITS.to_owned())),
        ("upper-case digits", Some(format!("sha256={}", DIGITS.to_uppercase()))),
        ("an upper-case name", Some(format!("SHA256={DIGITS}"))),
        ("the old SHA-1", Some(format!("sha1={}", &DIGITS[..40]))),
        ("one digit too few", Some(right[..70].to_owned())),
        ("one digit too many", Some(format!("{right}0"))),
        ("a space behind", Some(format!("{right} "))),
        ("two of them", Some(format!("{right},{right}"))),
        ("another digit at the end", Some(format!("{}4", &right[..70]))),
        ("another digit at the begin", Some(right.replace("=5b", "=6b"))),
        ("letters that are no digits", Some(format!("sha256={}", "z".repeat(64)))),
        ("umlauts", Some(format!("sha256={}", "ä".repeat(32)))),
    ];
    for (label, signature) in table {
        assert!(!channel.verify(signature.as_deref(), BODY), "{label}");
    }
    assert!(!channel.verify(Some(&right), b"what do ya want for nothing!"), "another body");
    assert!(!channel.verify(Some(&right), b""), "no body");
}

#[test]
fn while_the_secret_is_rotated_both_are_taken() {
    let right = format!("sha256={DIGITS}");
    assert!(channel("new", Some(KEY)).verify(Some(&right), BODY));
    assert!(channel(KEY, Some("old")).verify(Some(&right), BODY));
    assert!(!channel("new", None).verify(Some(&right), BODY));
    assert!(!channel("new", Some("other")).verify(Some(&right), BODY));
}

#[test]
fn an_empty_secret_takes_nothing() {
    // HMAC-SHA256 of nothing under the empty key: anybody can compute it.
    let of_nothing = "sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    assert!(!channel("", None).verify(Some(of_nothing), b""));
    assert!(!channel(KEY, Some("")).verify(Some(of_nothing), b""));
}
