//! Requests to AWS, signed for a moment that the policy names.

use std::collections::BTreeMap;

use regorus::Value;
use ring::digest::{SHA256, digest};
use ring::hmac::{HMAC_SHA256, Key, sign};

use super::digest::hexadecimal;
use super::token::as_go_writes;
use super::{Answer, Failure};
use crate::evaluate::value::{member, text};

/// What a proxy may change, and no signature covers.
const CHANGED_ON_THE_WAY: [&str; 3] = ["authorization", "user-agent", "x-amzn-trace-id"];

/// `providers.aws.sign_req`: the request, with the headers of Signature Version 4.
pub(super) fn aws_request(given: &[Value]) -> Answer {
    let [request @ Value::Object(fields), settings @ Value::Object(_), time] = given else {
        return Err(Failure::undefined("operands must be object, object and number"));
    };
    let word = |value: &Value, name: &str| -> Result<String, Failure> {
        let found = member(value, name).and_then(text).map(str::to_owned);
        found.ok_or_else(|| Failure::undefined(format!("`{name}` must be a string")))
    };
    let scope = Scope {
        service: word(settings, "aws_service")?,
        region: word(settings, "aws_region")?,
        moment: moment(time.as_i64().map_err(|_| Failure::undefined("operand 3 must be a time"))?),
    };
    let (access, secret) = (word(settings, "aws_access_key")?, word(settings, "aws_secret_access_key")?);
    let (method, url) = (word(request, "method")?, word(request, "url")?);
    let signs_payload = match member(settings, "disable_payload_signing") {
        None => true,
        Some(Value::Bool(disabled)) => !disabled,
        Some(_) => return Err(Failure::undefined("`disable_payload_signing` must be a boolean")),
    };
    let payload = if signs_payload { hash(&body(request)?) } else { "UNSIGNED-PAYLOAD".to_owned() };
    let Url { host, path, query } = Url::parse(&url)?;
    let mut added = BTreeMap::from([("host", host), ("x-amz-date", scope.moment.clone())]);
    if ["s3", "glacier"].contains(&scope.service.as_str()) || !signs_payload {
        added.insert("x-amz-content-sha256", payload.clone());
    }
    if let Some(token) = member(settings, "aws_session_token").and_then(text).filter(|token| !token.is_empty()) {
        added.insert("x-amz-security-token", token.to_owned());
    }
    let mut headers = BTreeMap::new();
    if let Some(own) = member(request, "headers") {
        let Value::Object(own) = own else { return Err(Failure::undefined("`headers` must be an object")) };
        for (name, value) in own.iter_sorted() {
            let name = text(name).unwrap_or_default().to_owned();
            headers.insert(name, text(value).unwrap_or_default().to_owned());
        }
    }
    let mut signed: BTreeMap<String, String> =
        added.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    for (name, value) in &headers {
        let name = name.to_lowercase();
        if !CHANGED_ON_THE_WAY.contains(&name.as_str()) {
            signed.insert(name, value.clone());
        }
    }
    let names = signed.keys().cloned().collect::<Vec<_>>().join(";");
    let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let canonical = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{payload}");
    let signature = scope.sign(&secret, &canonical);
    let authorization =
        format!("AWS4-HMAC-SHA256 Credential={access}/{},SignedHeaders={names},Signature={signature}", scope.written());
    headers.insert("Authorization".to_owned(), authorization);
    headers.extend(added.into_iter().map(|(name, value)| (name.to_owned(), value)));
    let headers: BTreeMap<Value, Value> =
        headers.into_iter().map(|(name, value)| (Value::from(name), Value::from(value))).collect();
    let mut all: BTreeMap<Value, Value> =
        fields.iter_sorted().map(|(name, value)| (name.clone(), value.clone())).collect();
    all.insert(Value::from("headers"), Value::from(headers));
    Ok(Value::from(all))
}

fn body(request: &Value) -> Result<String, Failure> {
    match (member(request, "raw_body"), member(request, "body")) {
        (Some(raw), _) => Ok(text(raw).unwrap_or_default().to_owned()),
        (None, Some(body)) => as_go_writes(body),
        (None, None) => Ok(String::new()),
    }
}

fn hash(text: &str) -> String {
    hexadecimal(digest(&SHA256, text.as_bytes()).as_ref())
}

/// What a signature is good for.
struct Scope {
    service: String,
    region: String,
    /// `20151228T140825Z`
    moment: String,
}

impl Scope {
    fn written(&self) -> String {
        format!("{}/{}/{}/aws4_request", &self.moment[..8], self.region, self.service)
    }

    fn sign(&self, secret: &str, canonical: &str) -> String {
        let keyed = |key: &[u8], text: &str| sign(&Key::new(HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec();
        let mut key = keyed(format!("AWS4{secret}").as_bytes(), &self.moment[..8]);
        for part in [self.region.as_str(), &self.service, "aws4_request"] {
            key = keyed(&key, part);
        }
        let text = format!("AWS4-HMAC-SHA256\n{}\n{}\n{}", self.moment, self.written(), hash(canonical));
        hexadecimal(&keyed(&key, &text))
    }
}

struct Url {
    host: String,
    path: String,
    query: String,
}

impl Url {
    /// Where there is nothing to escape, decode or leave out.
    fn parse(text: &str) -> Result<Self, Failure> {
        let unanswered = || Failure::unanswered("a request has a URL of an unusual form");
        let rest =
            ["http://", "https://"].iter().find_map(|scheme| text.strip_prefix(scheme)).ok_or_else(unanswered)?;
        let plain = |sign: char| sign.is_ascii_alphanumeric() || "-._~/:?=&,".contains(sign);
        if !rest.chars().all(plain) {
            return Err(unanswered());
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let at = rest.find('/').unwrap_or(rest.len());
        Ok(Self { host: rest[..at].to_owned(), path: rest[at..].to_owned(), query: query.to_owned() })
    }
}

/// A moment in nanoseconds since 1970, as AWS writes it.
fn moment(nanoseconds: i64) -> String {
    let seconds = nanoseconds.div_euclid(1_000_000_000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // civil date of a day, in years that begin with March
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", second / 3600, second / 60 % 60, second % 60)
}
