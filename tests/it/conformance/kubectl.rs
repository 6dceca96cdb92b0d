//! kubectl as a judge of YAML: what it makes of a text that need not hold an object.

use std::collections::BTreeMap;

/// What kubectl says of one text.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reading {
    /// The mappings it understood, as JSON: it prints them when it complains that they lack a `kind`.
    pub(crate) mappings: Vec<serde_json::Value>,
    /// How many documents it understood that are no mappings.
    pub(crate) others: usize,
    /// Why it stopped reading.
    pub(crate) refusal: Option<String>,
}

/// What kubectl makes of each text, in their order. `None`, and a line that says so, where there is no kubectl.
///
/// None of the texts may hold an object: for an object there is nothing to complain about.
pub(crate) fn read_all(texts: &[&str]) -> Option<Vec<Reading>> {
    let folder = tempfile::tempdir().unwrap();
    for (index, text) in texts.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{index:05}.yaml")), text).unwrap();
    }
    let mut command = std::process::Command::new("kubectl");
    command.args(["label", "--local", "--output=json", "--kubeconfig=/dev/null", "hydrant=test", "-f"]);
    let output = match command.arg(folder.path()).output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: kubectl cannot be run: {error}");
            return None;
        }
    };
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    let mut readings: BTreeMap<usize, Reading> = BTreeMap::new();
    for complaint in complaints(&String::from_utf8_lossy(&output.stderr)) {
        let (number, said) = split_complaint(&complaint).unwrap_or_else(|| panic!("kubectl says: {complaint}"));
        readings.entry(number).or_default().add(said);
    }
    Some((0..texts.len()).map(|number| readings.remove(&number).unwrap_or_default()).collect())
}

/// One complaint for each document or file; JSON is quoted as it is written, with its line feeds.
fn complaints(stderr: &str) -> Vec<String> {
    let mut complaints: Vec<String> = Vec::new();
    for line in stderr.lines() {
        match complaints.last_mut() {
            Some(last) if !(line.starts_with("unable to decode \"") || line.starts_with("error parsing ")) => {
                last.push('\n');
                last.push_str(line);
            }
            _ => complaints.push(line.to_owned()),
        }
    }
    complaints
}

/// The number of the file a complaint is about, and what is said of it.
fn split_complaint(line: &str) -> Option<(usize, &str)> {
    let (before, said) = line.split_once(".yaml")?;
    Some((
        before.get(before.len().checked_sub(5)?..)?.parse().ok()?,
        said.trim_start_matches(['"', ':', ' ']).trim_end(),
    ))
}

impl Reading {
    fn add(&mut self, said: &str) {
        let json = said.strip_prefix("Object 'Kind' is missing in '").and_then(|rest| rest.strip_suffix('\''));
        if let Some(json) = json {
            self.mappings.push(serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {said}")));
        } else if said.starts_with("json: cannot unmarshal") {
            self.others += 1;
        } else {
            self.refusal = Some(said.to_owned());
        }
    }
}
