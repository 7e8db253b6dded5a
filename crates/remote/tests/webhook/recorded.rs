//! Payloads that others recorded. They are not part of the repository: `SHARED_PAYLOADS` names their folder.

use std::fs;
use std::path::Path;

use answerbot_core::contact::event::{Event, Media};
use answerbot_ports::conformance::skipped;
use answerbot_remote::messenger::parse;

#[test]
#[expect(clippy::disallowed_methods, reason = "only the environment knows where the recorded payloads are")]
fn every_recorded_body_is_read() {
    let Some(folder) = std::env::var_os("SHARED_PAYLOADS") else {
        return skipped("SHARED_PAYLOADS does not name the folder of the recorded payloads");
    };
    let folder = Path::new(&folder).join("messenger");
    let mut read = 0;
    for file in fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        let parsed = parse(&fs::read(&path).unwrap(), None);
        let parsed = parsed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let events: Vec<Event> = parsed.envelopes.into_iter().map(|envelope| envelope.event).collect();
        println!("{name}: {events:?} {:?} {:?}", parsed.ignored, parsed.alarms);
        assert!(!parsed.ignored.contains(&"odd"), "{name}");
        if let Some(expected) = expected(&name) {
            assert_eq!(events, [expected], "{name}");
        }
        read += 1;
    }
    assert!(read > 0, "no payloads in {}", folder.display());
}

/// What some of them mean, by `INDEX.md` beside them.
fn expected(name: &str) -> Option<Event> {
    let text = |text: &str| Some(Event::Text(text.to_owned()));
    match name {
        "restfb_message-basic" | "restfb_message-reply-1" | "restfb_message-reply-2" => text("hello, world!"),
        "restfb_message-quickreply" => text("quick reply text"),
        "restfb_message-sticker" | "restfb_message-sticker-thumbup" => Some(Event::Media(Media::Sticker)),
        "restfb_message-location-attachment" => Some(Event::Media(Media::Location)),
        "restfb_message-media-attachment" => Some(Event::Media(Media::Image)),
        "restfb_message-isunsupported" => Some(Event::Media(Media::Other)),
        "restfb_referral-basic" | "restfb_optin-basic" => Some(Event::Opened),
        _ => None,
    }
}
