//! Formats of addresses and identifiers, as Go's libraries and so the API server read them.
//!
//! Where Go's rules are full of corners (`email`, `hostname`), only what it surely refuses is refused.

use std::net::IpAddr;

/// `net.ParseIP`, with a point in it: that includes IPv4 addresses in the clothes of IPv6.
pub(super) fn is_ipv4(text: &str) -> bool {
    text.contains('.') && text.parse::<IpAddr>().is_ok()
}

/// `net.ParseIP`, with a colon in it.
pub(super) fn is_ipv6(text: &str) -> bool {
    text.contains(':') && text.parse::<IpAddr>().is_ok()
}

/// `net.ParseCIDR`.
pub(super) fn is_cidr(text: &str) -> bool {
    let Some((address, prefix)) = text.split_once('/') else { return false };
    let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
    let (Ok(address), Ok(prefix)) = (address.parse::<IpAddr>(), prefix.parse::<u32>()) else { return false };
    digits && prefix <= if address.is_ipv4() { 32 } else { 128 }
}

/// `net.ParseMAC`: 6, 8 or 20 bytes as `00:00:5e…`, `00-00-5e…` or `0000.5e00…`.
pub(super) fn is_mac(text: &str) -> bool {
    let groups = |sign: char, digits: usize| {
        let groups: Vec<_> = text.split(sign).collect();
        let well_formed = |group: &&str| group.len() == digits && group.bytes().all(|byte| byte.is_ascii_hexdigit());
        groups.iter().all(well_formed) && matches!(groups.len() * digits / 2, 6 | 8 | 20)
    };
    groups(':', 2) || groups('-', 2) || groups('.', 4)
}

/// Five groups of hex digits with or without dashes, of any version.
pub(super) fn is_uuid(text: &str) -> bool {
    uuid_digits(text).is_some()
}

/// Version 3 says nothing of the variant.
pub(super) fn is_uuid3(text: &str) -> bool {
    uuid_digits(text).is_some_and(|digits| digits.as_bytes()[12] == b'3')
}

/// A random one.
pub(super) fn is_uuid4(text: &str) -> bool {
    uuid_digits(text).is_some_and(|digits| digits.as_bytes()[12] == b'4' && has_variant(&digits))
}

/// One made of a name.
pub(super) fn is_uuid5(text: &str) -> bool {
    uuid_digits(text).is_some_and(|digits| digits.as_bytes()[12] == b'5' && has_variant(&digits))
}

fn has_variant(digits: &str) -> bool {
    matches!(digits.as_bytes()[16], b'8' | b'9' | b'a' | b'b')
}

/// The 32 digits, in lower case.
fn uuid_digits(text: &str) -> Option<String> {
    let mut rest = text;
    let mut digits = String::new();
    for (index, length) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        rest = if index == 0 { rest } else { rest.strip_prefix('-').unwrap_or(rest) };
        let group = rest.get(..length)?;
        digits.push_str(group);
        rest = &rest[length..];
    }
    let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    (hex && rest.is_empty()).then(|| digits.to_ascii_lowercase())
}

/// Three or six hex digits, with or without `#`.
pub(super) fn is_hexcolor(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or(text);
    matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Labels of letters, digits and inner dashes, joined by dots; signs beyond ASCII are let pass.
pub(super) fn is_hostname(text: &str) -> bool {
    let labels: Vec<_> = text.split('.').collect();
    let well_formed = |label: &&str| {
        let signs = label.chars().all(|sign| !sign.is_ascii() || sign.is_ascii_alphanumeric() || sign == '-');
        signs && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    // of a name with dots, the last label has two signs at least
    let top = labels.len() == 1 || labels.last().is_some_and(|label| label.chars().count() > 1);
    text.len() <= 255 && top && labels.iter().all(well_formed)
}

/// `mail.ParseAddress`, as far as it is simple: a name before `@`, something after it. With quotes, brackets or comments
/// there is no telling without all of RFC 5322.
pub(super) fn is_email(text: &str) -> bool {
    if text.contains(['"', '<', '(']) {
        return text.contains('@');
    }
    let Some((local, domain)) = text.trim().rsplit_once('@') else { return false };
    let is_atom = |sign: char| !sign.is_ascii() || sign.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(sign);
    let dotted = |text: &str| text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom));
    let literal = domain.starts_with('[') && domain.ends_with(']');
    dotted(local) && (literal || dotted(domain))
}

/// `url.ParseRequestURI`: an absolute URL, an absolute path, or `scheme:anything`.
pub(super) fn is_request_uri(text: &str) -> bool {
    if text.is_empty() || text.bytes().any(|byte| byte.is_ascii_control()) {
        return false;
    }
    let Some((scheme, rest)) = split_scheme(text) else { return false };
    let rest = rest.split_once('?').map_or(rest, |(before, _)| before);
    if text == "*" {
        return true;
    }
    if !rest.starts_with('/') {
        return !scheme.is_empty();
    }
    match rest.strip_prefix("//").filter(|_| !scheme.is_empty()) {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            is_authority(authority) && has_whole_escapes(path)
        }
        None => has_whole_escapes(rest),
    }
}

/// The scheme, or an empty one; `None` where a colon stands first.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    for (index, sign) in text.char_indices() {
        match sign {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if index > 0 => {}
            ':' if index == 0 => return None,
            ':' => return Some((&text[..index], &text[index + 1..])),
            _ => break,
        }
    }
    Some(("", text))
}

fn is_authority(text: &str) -> bool {
    let (user, host) = text.rsplit_once('@').map_or((None, text), |(user, host)| (Some(user), host));
    let is_user = |user: &str| {
        let signs = user.chars().all(|sign| sign.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(sign));
        signs && has_whole_escapes(user)
    };
    let is_port = |port: &str| port.is_empty() || port.strip_prefix(':').is_some_and(all_digits);
    let host = match host.rfind(']').filter(|_| host.starts_with('[')) {
        Some(end) => is_port(&host[end + 1..]) && host[1..end].split('%').next().is_some_and(is_ipv6),
        None if host.starts_with('[') => false,
        None => {
            let (name, port) = host.split_at(host.rfind(':').unwrap_or(host.len()));
            let signs = |sign: char| {
                !sign.is_ascii() || sign.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"%".contains(sign)
            };
            is_port(port) && name.chars().all(signs) && has_whole_escapes(name)
        }
    };
    host && user.is_none_or(is_user)
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether every `%` is followed by two hex digits.
fn has_whole_escapes(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_whole = |at: usize| bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    (0..bytes.len()).filter(|at| bytes[*at] == b'%').all(is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_all(is: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        good.iter().for_each(|text| assert!(is(text), "{text}"));
        bad.iter().for_each(|text| assert!(!is(text), "{text}"));
    }

    #[test]
    fn addresses_are_those_of_go() {
        assert_all(is_ipv4, &["10.0.0.1", "::ffff:10.0.0.1"], &["10.0.0", "10.0.0.256", "010.0.0.1", "::1", ""]);
        assert_all(is_ipv6, &["::1", "fd00::1", "::ffff:10.0.0.1"], &["10.0.0.1", ":::", "fe80::1%eth0"]);
        assert_all(
            is_cidr,
            &["10.0.0.0/8", "fd00::/64", "0.0.0.0/0"],
            &["10.0.0.0", "10.0.0.0/33", "x/8", "1.2.3.4/+8", "1.2.3.4/"],
        );
        assert_all(
            is_mac,
            &["00:00:5e:00:53:01", "00-00-5E-00-53-01", "0000.5e00.5301"],
            &["00:00:5e:00:53", "0:0:5e:0:53:1", "00:00-5e:00:53:01"],
        );
    }

    #[test]
    fn a_uuid_may_lack_its_dashes() {
        let text = "6ba7b810-9dad-41d1-80b4-00C04fd430c8";
        assert_all(is_uuid, &[text, &text.replace('-', "")], &["6ba7b810", "", "6ba7b810-9dad-41d1-80b4-00c04fd430cg"]);
        assert!(is_uuid4(text) && !is_uuid3(text) && !is_uuid5(text));
    }

    #[test]
    fn names_of_hosts_and_mailboxes_are_refused_only_where_go_surely_does() {
        assert_all(
            is_hostname,
            &["web", "my-host", "a.example.com", "1.2.3.io", "bücher.example"],
            &["", "a..b", "-a.com", "a-.com", "a_b.com", "example.com.", "a.b"],
        );
        assert_all(
            is_email,
            &["a@b", "a.b+c@example.com", "Ann <a@b.c>", "a@[10.0.0.1]"],
            &["", "a", "@b", "a@", "a..b@c", "a b@c", "a@b@"],
        );
        assert_all(is_hexcolor, &["#fff", "00ff00"], &["#ff", "red", "##fff"]);
    }

    #[test]
    fn a_uri_is_what_a_request_may_ask_for() {
        let good = [
            "https://example.com/a?b=%#c",
            "/a/path",
            "mailto:a",
            "http://[::1]:80/",
            "http://u:p@h:1/x",
            "x:y",
            "*",
            "http://bücher/",
        ];
        let bad =
            ["", "example.com/a", "a b", ":x", "http://h:port/", "http://[::1/", "/a%2", "http://a b/", "http://h\n/"];
        assert_all(is_request_uri, &good, &bad);
    }
}
