//! Graph's usage headers: how much of a rate limit is used up, in percent.
//!
//! Facts: Meta's page on Graph API rate limits.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// The headers and the name that each is shown under.
const HEADERS: [(&str, &str); 3] =
    [("x-app-usage", "app"), ("x-page-usage", "page"), ("x-business-use-case-usage", "business")];
const PARTS: [&str; 3] = ["call_count", "total_time", "total_cputime"];

/// Sets `messenger_usage_percent` by the headers that are there; at 100 Graph throttles.
pub(super) fn measure(headers: &HeaderMap) {
    for (header, limit) in HEADERS {
        let json = headers.get(header).and_then(|value| serde_json::from_slice(value.as_bytes()).ok());
        if let Some(percent) = json.as_ref().and_then(highest) {
            metrics::gauge!("messenger_usage_percent", "limit" => limit).set(percent);
        }
    }
}

/// The highest figure: of an object with the parts, or of a map of lists of such objects.
fn highest(value: &Value) -> Option<f64> {
    let own = PARTS.iter().filter_map(|part| value.get(part)?.as_f64());
    let inner = match value {
        Value::Object(map) => map.values().filter_map(Value::as_array).flatten().collect(),
        _ => Vec::new(),
    };
    let of_inner =
        inner.into_iter().flat_map(|item| PARTS.iter().filter_map(|part| item.get(part)?.as_f64()));
    own.chain(of_inner).reduce(f64::max)
}
