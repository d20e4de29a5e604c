//! Spoils a good answer: everything that can come instead of one.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde_json::{Value, json};

use super::people::Trouble;
use super::{answers, json_answer};

/// Longer than anybody waits.
const FOREVER: Duration = Duration::from_secs(3600);
const HUGE: usize = 2 << 20;
const DEEP: usize = 20_000;

pub async fn spoil(trouble: Trouble, root: &str, answer: Value) -> Response {
    let status = |status: StatusCode| status.into_response();
    match trouble {
        Trouble::Away => json_answer(&answers::whole(root, answers::AWAY)),
        Trouble::Refused => json_answer(&answers::whole(root, "HS001001")),
        Trouble::Error => status(StatusCode::INTERNAL_SERVER_ERROR),
        Trouble::Busy => later(StatusCode::SERVICE_UNAVAILABLE),
        Trouble::TooMany => later(StatusCode::TOO_MANY_REQUESTS),
        Trouble::Locked => status(StatusCode::UNAUTHORIZED),
        Trouble::Moved => {
            let mut response = status(StatusCode::FOUND);
            response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("http://127.0.0.1:1/elsewhere"));
            response
        }
        Trouble::Hang => {
            tokio::time::sleep(FOREVER).await;
            status(StatusCode::OK)
        }
        Trouble::Cut => cut(&answer),
        Trouble::Garbage => text(b"\x00\xff\xfe\x80 no text".to_vec()),
        Trouble::Page => axum::response::Html("<!DOCTYPE html><title>Sign in</title>").into_response(),
        Trouble::HalfJson => {
            let whole = answer.to_string();
            text(whole.as_bytes()[..whole.len() / 2].to_vec())
        }
        Trouble::OtherShape => json_answer(&json!({ root: { "responseMetadata": "fine", "answer": [1, 2, 3] } })),
        Trouble::HugeNumber => json_answer(&changed(answer, &|name, value| match value {
            Value::Number(_) => *value = json!(1e300),
            Value::String(text) if name.ends_with("Code") && text.len() == 1 => *text = "Z".repeat(9),
            Value::Bool(_) => *value = json!("true"),
            _ => {}
        })),
        Trouble::Deep => text(format!("{{\"{root}\":{}{}}}", "[".repeat(DEEP), "]".repeat(DEEP)).into_bytes()),
        Trouble::Stranger => json_answer(&changed(answer, &|name, value| {
            let about = ["personSocialSecurityNumber", "taxFilerSSN", "caseNumber", "sessionIdentification"];
            if let Value::String(text) = value {
                match name {
                    "nonCitBirthDate" => *text = "1901-01-01".to_string(),
                    "caseNumber" => *text = "Z000000000000WS".to_string(),
                    _ if about.contains(&name) => *text = "512345678".to_string(),
                    "hubReferenceNumber" => *text = "Z-0000".to_string(),
                    _ => {}
                }
            }
        })),
        Trouble::Huge => {
            let mut answer = answer;
            answer["padding"] = "x".repeat(HUGE).into();
            json_answer(&answer)
        }
        Trouble::Doubled => json_answer(&changed(answer, &|_, value| {
            if let Value::Array(items) = value {
                let again = items.clone();
                items.extend(again);
            }
        })),
    }
}

fn later(status: StatusCode) -> Response {
    (status, [(header::RETRY_AFTER, HeaderValue::from_static("1"))]).into_response()
}

fn text(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes).into_response()
}

/// Half of it, then the connection ends.
fn cut(answer: &Value) -> Response {
    let whole = answer.to_string();
    let half = Bytes::copy_from_slice(&whole.as_bytes()[..whole.len() / 2]);
    let parts = [Ok(half), Err(std::io::Error::other("cut"))];
    Body::from_stream(stream::iter(parts)).into_response()
}

/// Each field, with its name.
fn changed(mut of: Value, change: &dyn Fn(&str, &mut Value)) -> Value {
    fn walk(name: &str, of: &mut Value, change: &dyn Fn(&str, &mut Value)) {
        change(name, of);
        match of {
            Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| walk(name, value, change)),
            Value::Array(items) => items.iter_mut().for_each(|value| walk("", value, change)),
            _ => {}
        }
    }
    walk("", &mut of, change);
    of
}
