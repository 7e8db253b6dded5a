//! MTN `MoMo`, against a server that answers by a script.

mod provision;

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::payment::{Charge, Charged, Checked, Failure};
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::{PaymentId, Time};
use answerbot_ports::payments::Payments;
use answerbot_remote::momo::{Momo, MomoConfig, MomoEnvironment};
use serde_json::json;

use crate::stub::{Reply, Stub, json as answer, nobody, text};
use crate::support::{HandClock, client};

const DEADLINE: Duration = Duration::from_secs(1);
const REFERENCE: &str = "07070707-0707-4707-8707-070707070707";

fn momo_at(url: &str, clock: &Arc<HandClock>) -> Momo {
    let config = MomoConfig {
        base_url: format!("{url}/"),
        environment: MomoEnvironment::Production,
        api_user: "user".into(),
        api_key: "the api key".into(),
        subscription_key: "the subscription key".into(),
        callback_prefix: Some("https://bot.example.org/momo/callback/secret".into()),
    };
    Momo::new(config, client(), Arc::clone(clock) as _)
}

fn momo(stub: &Stub) -> Momo {
    momo_at(&stub.url, &HandClock::new())
}

fn token() -> Reply {
    answer(200, &json!({ "access_token": "a token", "token_type": "access_token", "expires_in": 3600 }))
}

fn charge() -> Charge {
    Charge {
        reference: PaymentId::draw([7; 16]),
        money: Money::whole(3_000, Currency::Ssp),
        payer: Msisdn::read("0921234567").unwrap(),
        external_id: "ab1.x.w.1.1".into(),
        code: "AB7K's-3F9Q".into(),
        not_after: Time::from_millis(0),
    }
}

fn wallet(status: u16, code: &str) -> Reply {
    answer(status, &json!({ "code": code, "message": "words for programmers" }))
}

#[tokio::test]
async fn a_request_says_all_that_mtn_wants_and_nothing_that_it_refuses() {
    let stub = Stub::new([token(), text(202, "")]);
    assert_eq!(momo(&stub).request(&charge(), DEADLINE).await, Charged::Taken);
    let [token, request] = &stub.asked()[..] else { panic!("{:?}", stub.asked()) };
    assert_eq!((token.path.as_str(), token.headers["content-length"].as_str()), ("/collection/token/", "0"));
    assert_eq!(token.headers["authorization"], "Basic dXNlcjp0aGUgYXBpIGtleQ==");
    assert_eq!(request.path, "/collection/v1_0/requesttopay");
    assert_eq!(request.headers["authorization"], "Bearer a token");
    assert_eq!(request.headers["x-reference-id"], REFERENCE);
    assert_eq!(request.headers["x-target-environment"], "mtnsouthsudan");
    assert_eq!(request.headers["ocp-apim-subscription-key"], "the subscription key");
    let callback = format!("https://bot.example.org/momo/callback/secret/{REFERENCE}");
    assert_eq!(request.headers["x-callback-url"], callback);
    assert_eq!(
        request.body,
        json!({
            "amount": "3000", "currency": "SSP", "externalId": "ab1.x.w.1.1",
            "payer": { "partyIdType": "MSISDN", "partyId": "211921234567" },
            "payerMessage": "Answer Bot AB7Ks-3F9Q", "payeeNote": "Answer Bot AB7Ks-3F9Q",
        })
    );
}

#[tokio::test]
async fn what_mtn_says_to_a_request_is_taken_refused_or_unknown() {
    let table = [
        ("taken", text(202, ""), Charged::Taken),
        ("the same again", wallet(409, "RESOURCE_ALREADY_EXIST"), Charged::Taken),
        ("malformed", text(400, ""), Charged::Rejected(Failure::OurFault)),
        ("forbidden", answer(403, &json!({ "statusCode": 403 })), Charged::Rejected(Failure::OurFault)),
        ("no such payer", wallet(500, "PAYER_NOT_FOUND"), Charged::Rejected(Failure::NoAccount)),
        (
            "the callback's host",
            wallet(500, "INVALID_CALLBACK_URL_HOST"),
            Charged::Rejected(Failure::OurFault),
        ),
        ("the currency", wallet(500, "INVALID_CURRENCY"), Charged::Rejected(Failure::OurFault)),
        ("an error of MTN's", wallet(500, "INTERNAL_PROCESSING_ERROR"), Charged::Unknown),
        ("no words", text(500, ""), Charged::Unknown),
        ("away", text(503, "<html>"), Charged::Unknown),
        ("too often", text(429, ""), Charged::NotSent),
        ("another good word", text(200, ""), Charged::Unknown),
        ("no answer", Reply::Hang, Charged::Unknown),
        ("a broken line", Reply::Close, Charged::Unknown),
    ];
    for (label, reply, expected) in table {
        let stub = Stub::new([token(), reply]);
        assert_eq!(momo(&stub).request(&charge(), DEADLINE).await, expected, "{label}");
    }
}

#[tokio::test]
async fn without_a_connection_or_a_token_nothing_was_sent() {
    assert_eq!(momo_at(&nobody(), &HandClock::new()).request(&charge(), DEADLINE).await, Charged::NotSent);
    let stub = Stub::new([answer(500, &json!({ "error": "login_failed" }))]);
    assert_eq!(momo(&stub).request(&charge(), DEADLINE).await, Charged::NotSent);
    assert!(stub.asked().iter().all(|it| it.path == "/collection/token/"));
}

#[tokio::test]
async fn a_token_that_is_refused_is_fetched_anew_once() {
    let gateway = || answer(401, &json!({ "statusCode": 401, "message": "token" }));
    let stub = Stub::new([token(), gateway(), token(), text(202, "")]);
    assert_eq!(momo(&stub).request(&charge(), DEADLINE).await, Charged::Taken);
    let references: Vec<_> =
        stub.asked().iter().filter_map(|it| it.headers.get("x-reference-id").cloned()).collect();
    assert_eq!(references, [REFERENCE, REFERENCE], "the same reference");

    let stub = Stub::new([token(), gateway(), token(), gateway()]);
    assert_eq!(momo(&stub).request(&charge(), DEADLINE).await, Charged::Rejected(Failure::OurFault));
    assert_eq!(stub.asked().len(), 4, "and not for ever");
}

#[tokio::test]
async fn a_token_is_used_until_a_minute_before_its_end() {
    let pending = || answer(200, &json!({ "status": "PENDING" }));
    let stub = Stub::new([token(), pending(), pending(), token(), pending()]);
    let clock = HandClock::new();
    let momo = momo_at(&stub.url, &clock);
    for wait in [0, 3_539, 1] {
        clock.forward(Duration::from_secs(wait));
        assert_eq!(momo.status(charge().reference, DEADLINE).await.unwrap(), Checked::Pending, "{wait}");
    }
    let tokens = stub.asked().iter().filter(|it| it.path.ends_with("/token/")).count();
    assert_eq!((tokens, stub.asked().len()), (2, 5));
}

async fn status(reply: Reply) -> Result<Checked, String> {
    let stub = Stub::new([token(), reply]);
    momo(&stub).status(charge().reference, DEADLINE).await.map_err(|fault| fault.reason)
}

#[tokio::test]
async fn success_is_read_from_texts_and_from_numbers() {
    let texts = json!({
        "amount": "3000.0", "currency": "SSP", "externalId": "ab1.x.w.1.1", "status": "SUCCESSFUL",
        "financialTransactionId": "4711", "payer": { "partyIdType": "MSISDN", "partyId": "211921234567" },
    });
    let numbers = json!({
        "amount": 3000, "currency": "SSP", "externalId": "ab1.x.w.1.1", "status": "SUCCESSFUL",
        "financialTransactionId": 4711, "payer": { "partyIdType": "MSISDN", "partyId": 211_921_234_567_u64 },
    });
    for body in [texts, numbers] {
        let expected = Checked::Successful {
            money: Money::whole(3_000, Currency::Ssp),
            payer: Msisdn::read("0921234567"),
            external_id: Some("ab1.x.w.1.1".into()),
            mtn_id: Some("4711".into()),
        };
        assert_eq!(status(answer(200, &body)).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn only_two_words_are_final_and_no_error_is_a_failure() {
    let with = |word: &str| answer(200, &json!({ "status": word, "amount": "3000", "currency": "SSP" }));
    for word in ["PENDING", "CREATED", "ONGOING", "TIMEOUT", "successful", "PAID"] {
        assert_eq!(status(with(word)).await, Ok(Checked::Pending), "{word}");
    }
    assert_eq!(status(wallet(404, "RESOURCE_NOT_FOUND")).await, Ok(Checked::Missing));
    let faults = [
        ("another 404", answer(404, &json!({ "statusCode": 404, "message": "Resource not found" }))),
        ("away", text(503, "")),
        ("garbage", text(200, "<html>")),
        ("no status", answer(200, &json!({ "amount": "3000" }))),
        (
            "an amount nobody can read",
            answer(200, &json!({ "status": "SUCCESSFUL", "amount": "x", "currency": "SSP" })),
        ),
        (
            "a currency nobody knows",
            answer(200, &json!({ "status": "SUCCESSFUL", "amount": "1", "currency": "XYZ" })),
        ),
        ("silence", Reply::Hang),
    ];
    for (label, reply) in faults {
        assert!(status(reply).await.is_err(), "{label}");
    }
}

#[tokio::test]
async fn each_reason_has_its_meaning_in_both_shapes() {
    let table = [
        ("APPROVAL_REJECTED", Failure::Declined),
        ("EXPIRED", Failure::NotApproved),
        ("COULD_NOT_PERFORM_TRANSACTION", Failure::NotApproved),
        ("NOT_ENOUGH_FUNDS", Failure::NoFunds),
        ("INTERNAL_PROCESSING_ERROR", Failure::NoFunds),
        ("PAYER_LIMIT_REACHED", Failure::Limit),
        ("PAYER_NOT_FOUND", Failure::NoAccount),
        ("PAYEE_NOT_ALLOWED_TO_RECEIVE", Failure::OurFault),
        ("SERVICE_UNAVAILABLE", Failure::Trouble),
        ("SOMETHING_NEW", Failure::Other),
    ];
    for (code, expected) in table {
        for reason in [json!(code), json!({ "code": code, "message": "words" })] {
            let body = json!({ "status": "FAILED", "reason": reason });
            assert_eq!(status(answer(200, &body)).await, Ok(Checked::Failed(expected)), "{body}");
        }
    }
    assert_eq!(
        status(answer(200, &json!({ "status": "FAILED" }))).await,
        Ok(Checked::Failed(Failure::Other))
    );
}

#[tokio::test]
async fn trouble_at_mtn_opens_the_breaker_and_asking_how_a_payment_stands_goes_on() {
    let stub = Stub::new([token(), text(503, "")]);
    let clock = HandClock::new();
    let momo = momo_at(&stub.url, &clock);
    for _ in 0..5 {
        assert_eq!(momo.request(&charge(), DEADLINE).await, Charged::Unknown);
    }
    let before = stub.asked().len();
    assert_eq!(momo.request(&charge(), DEADLINE).await, Charged::Rejected(Failure::Trouble));
    assert_eq!(stub.asked().len(), before, "nothing was sent");
    assert!(momo.status(charge().reference, DEADLINE).await.is_err());
    assert_eq!(stub.asked().len(), before + 1, "polls are made all the same");
    clock.forward(Duration::from_mins(1));
    assert_eq!(momo.request(&charge(), DEADLINE).await, Charged::Unknown, "the probe");
}

#[tokio::test]
async fn numbers_without_an_account_and_the_balance_are_read() {
    let payer = charge().payer;
    for result in [true, false] {
        let stub = Stub::new([token(), answer(200, &json!({ "result": result }))]);
        assert_eq!(momo(&stub).payable(payer, DEADLINE).await.unwrap(), result);
        assert_eq!(stub.asked()[1].path, "/collection/v1_0/accountholder/msisdn/211921234567/active");
    }
    let stub = Stub::new([token(), answer(200, &json!({ "availableBalance": "12.50", "currency": "SSP" }))]);
    let balance = momo(&stub).balance(DEADLINE).await.unwrap();
    assert_eq!(balance, Money::from_minor(1_250, Currency::Ssp));
    let stub = Stub::new([token(), text(500, "")]);
    let told = momo(&stub).check().await.unwrap_err();
    assert!(told.contains("MOMO_API_KEY") && !told.contains("the api key"), "{told}");
}
