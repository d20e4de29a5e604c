//! Holds JSON to the hub's schemas: as much of JSON Schema (draft 4) as these use.
//!
//! A word of a schema that is not known here is a fault of the schema, not ignored.

use std::collections::HashMap;

use fancy_regex::Regex;
use serde_json::{Map, Value};

/// Every file, by name.
const FILES: [(&str, &str); 15] = [
    ("ESIMEC-Request-schema.json", include_str!("../../data/hub/schemas/ESIMEC-Request-schema.json")),
    ("ESIMEC-Response-schema.json", include_str!("../../data/hub/schemas/ESIMEC-Response-schema.json")),
    ("ESIMEC-Shared-schema.json", include_str!("../../data/hub/schemas/ESIMEC-Shared-schema.json")),
    ("IFSV-Request-schema.json", include_str!("../../data/hub/schemas/IFSV-Request-schema.json")),
    ("IFSV-Response-schema.json", include_str!("../../data/hub/schemas/IFSV-Response-schema.json")),
    ("RIDP-Request-schema.json", include_str!("../../data/hub/schemas/RIDP-Request-schema.json")),
    ("RIDP-Response-schema.json", include_str!("../../data/hub/schemas/RIDP-Response-schema.json")),
    ("SSAC-Request-Schema.json", include_str!("../../data/hub/schemas/SSAC-Request-Schema.json")),
    ("SSAC-Response-Schema.json", include_str!("../../data/hub/schemas/SSAC-Response-Schema.json")),
    ("USStateCode-schema.json", include_str!("../../data/hub/schemas/USStateCode-schema.json")),
    ("VerifyNonESIMEC-Request-schema.json", include_str!("../../data/hub/schemas/VerifyNonESIMEC-Request-schema.json")),
    (
        "VerifyNonESIMEC-Response-schema.json",
        include_str!("../../data/hub/schemas/VerifyNonESIMEC-Response-schema.json"),
    ),
    ("VerifyNonESIMEC-Shared-schema.json", include_str!("../../data/hub/schemas/VerifyNonESIMEC-Shared-schema.json")),
    ("fars.json", include_str!("../../data/hub/schemas/fars.json")),
    ("vlp.json", include_str!("../../data/hub/schemas/vlp.json")),
];

/// Words that say nothing about a value.
const SILENT: [&str; 8] =
    ["$schema", "id", "title", "description", "$comment", "definitions", "$ref", "additionalProperties"];
/// Faults that are listed.
const FAULTS_MAX: usize = 20;

/// All schemas, with their patterns.
pub struct Schemas {
    files: HashMap<&'static str, Value>,
    patterns: HashMap<String, Regex>,
}

impl Schemas {
    /// # Errors
    ///
    /// If a file is no JSON, or a pattern none.
    pub fn load() -> anyhow::Result<Schemas> {
        let mut schemas = Schemas { files: HashMap::new(), patterns: HashMap::new() };
        for (name, text) in FILES {
            let file: Value = serde_json::from_str(text)?;
            schemas.learn_patterns(&file)?;
            schemas.files.insert(name, file);
        }
        Ok(schemas)
    }

    /// The names of the files.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FILES.into_iter().map(|(name, _)| name)
    }

    fn learn_patterns(&mut self, of: &Value) -> anyhow::Result<()> {
        match of {
            Value::Object(fields) => {
                if let Some(Value::String(pattern)) = fields.get("pattern") {
                    self.patterns.insert(pattern.clone(), Regex::new(pattern)?);
                }
                fields.values().try_for_each(|value| self.learn_patterns(value))
            }
            Value::Array(items) => items.iter().try_for_each(|value| self.learn_patterns(value)),
            _ => Ok(()),
        }
    }

    /// What is wrong, field by field; nothing if it fits. `name`: a file, or `file.json#definition` in it.
    pub fn faults(&self, name: &str, value: &Value) -> Vec<String> {
        let (file, definition) = name.split_once('#').map_or((name, None), |(file, of)| (file, Some(of)));
        let mut look = Look { schemas: self, faults: Vec::new() };
        let root = self.files.get(file);
        let schema = definition.map_or(root, |of| root.and_then(|root| root["definitions"].get(of)));
        match schema {
            None => look.faults.push(format!("there is no schema {name}")),
            Some(schema) => look.at(file, schema, value, "$"),
        }
        look.faults
    }
}

struct Look<'a> {
    schemas: &'a Schemas,
    faults: Vec<String>,
}

impl<'a> Look<'a> {
    fn fault(&mut self, place: &str, what: &str) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(format!("{place}: {what}"));
        }
    }

    /// The schema that a reference leads to, with its file. Paths of other repositories are cut to the file's name.
    fn follow(&self, file: &'a str, reference: &'a str) -> Option<(&'a str, &'a Value)> {
        let (path, inside) = reference.split_once('#')?;
        let file = path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(file);
        let root = self.schemas.files.get(file)?;
        Some((file, root.pointer(inside)?))
    }

    fn at(&mut self, file: &'a str, schema: &'a Value, value: &Value, place: &str) {
        let Some(words) = schema.as_object() else { return self.fault(place, "the schema is none") };
        if let Some(reference) = words.get("$ref").and_then(Value::as_str) {
            return match self.follow(file, reference) {
                Some((file, schema)) => self.at(file, schema, value, place),
                None => self.fault(place, &format!("the schema refers to {reference}, which is not there")),
            };
        }
        for (word, says) in words.iter().filter(|(word, _)| !SILENT.contains(&word.as_str())) {
            let fits = match (word.as_str(), value) {
                ("type", _) => is_a(says.as_str().unwrap_or_default(), value),
                ("enum", _) => says.as_array().is_some_and(|list| list.contains(value)),
                ("oneOf", _) => says.as_array().is_some_and(|list| self.fitting(file, list, value, place) == 1),
                ("pattern", Value::String(text)) => {
                    let pattern = says.as_str().and_then(|pattern| self.schemas.patterns.get(pattern));
                    pattern.is_some_and(|pattern| pattern.is_match(text).unwrap_or(false))
                }
                ("minLength", Value::String(text)) => text.chars().count() as u64 >= says.as_u64().unwrap_or(u64::MAX),
                ("maxLength", Value::String(text)) => text.chars().count() as u64 <= says.as_u64().unwrap_or(0),
                ("minimum", Value::Number(number)) => number.as_f64() >= says.as_f64(),
                ("maximum", Value::Number(number)) => number.as_f64() <= says.as_f64(),
                ("minItems", Value::Array(items)) => items.len() as u64 >= says.as_u64().unwrap_or(u64::MAX),
                ("maxItems", Value::Array(items)) => items.len() as u64 <= says.as_u64().unwrap_or(0),
                ("minProperties", Value::Object(of)) => of.len() as u64 >= says.as_u64().unwrap_or(u64::MAX),
                ("maxProperties", Value::Object(of)) => of.len() as u64 <= says.as_u64().unwrap_or(0),
                ("items", Value::Array(items)) => {
                    for (i, item) in items.iter().enumerate() {
                        self.at(file, says, item, &format!("{place}[{i}]"));
                    }
                    true
                }
                ("required", Value::Object(of)) => {
                    self.required(says, of, place);
                    true
                }
                ("properties", Value::Object(of)) => {
                    self.properties(file, words, of, place);
                    true
                }
                (known, _) if KNOWN.contains(&known) => true,
                (unknown, _) => {
                    self.fault(place, &format!("the schema says {unknown}, which nobody here understands"));
                    true
                }
            };
            if !fits {
                self.fault(place, &format!("does not fit {word}"));
            }
        }
    }

    fn fitting(&self, file: &'a str, list: &'a [Value], value: &Value, place: &str) -> usize {
        let fits = |schema: &&'a Value| {
            let mut look = Look { schemas: self.schemas, faults: Vec::new() };
            look.at(file, schema, value, place);
            look.faults.is_empty()
        };
        list.iter().filter(fits).count()
    }

    fn required(&mut self, says: &Value, of: &Map<String, Value>, place: &str) {
        for name in says.as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !of.contains_key(name) {
                self.fault(&format!("{place}.{name}"), "is missing");
            }
        }
    }

    fn properties(&mut self, file: &'a str, words: &'a Map<String, Value>, of: &Map<String, Value>, place: &str) {
        let Some(known) = words.get("properties").and_then(Value::as_object) else { return };
        let closed = words.get("additionalProperties") == Some(&Value::Bool(false));
        for (name, value) in of {
            match known.get(name) {
                Some(schema) => self.at(file, schema, value, &format!("{place}.{name}")),
                None if closed => self.fault(&format!("{place}.{name}"), "is not known"),
                None => {}
            }
        }
    }
}

/// Words that hold for one type only: for another they say nothing, and `type` says what is wrong.
const KNOWN: [&str; 12] = [
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "items",
    "required",
    "properties",
];

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ssa() -> Value {
        json!({ "ssaCompositeRequest": { "ssaCompositeIndividualRequestArray": [{
            "personSocialSecurityNumber": "123456789",
            "personGivenName": "Ana",
            "personSurName": "Lopez",
            "personBirthDate": "1984-02-29",
            "requestCitizenshipVerificationIndicator": true,
            "requestIncarcerationVerificationIndicator": true,
            "requestTitleIIMonthlyIncomeVerificationIndicator": false,
            "requestTitleIIAnnualIncomeVerificationIndicator": false,
            "requestQuartersOfCoverageVerificationIndicator": false,
        }] } })
    }

    #[test]
    fn each_word_of_the_schemas_catches_what_it_is_for() {
        let schemas = Schemas::load().expect("schemas");
        let name = "SSAC-Request-Schema.json";
        assert_eq!(schemas.faults(name, &ssa()), Vec::<String>::new());
        let place = "/ssaCompositeRequest/ssaCompositeIndividualRequestArray/0";
        for (field, value) in [
            ("personSocialSecurityNumber", json!("900456789")),
            ("personSocialSecurityNumber", json!(123_456_789)),
            ("personBirthDate", json!("1985-02-29")),
            ("personSurName", json!("")),
            ("personSurName", json!("x".repeat(51))),
            ("requestQuartersOfCoverageVerificationIndicator", json!("true")),
            ("favoriteColor", json!("blue")),
        ] {
            let mut bad = ssa();
            bad.pointer_mut(place).expect("there")[field] = value;
            assert_eq!(schemas.faults(name, &bad).len(), 1, "{field}: {:?}", schemas.faults(name, &bad));
        }
        let mut bad = ssa();
        bad.pointer_mut(place).and_then(Value::as_object_mut).expect("there").remove("personSurName");
        assert_eq!(schemas.faults(name, &bad).len(), 1);
        assert_eq!(schemas.faults(name, &json!({})).len(), 1);
        assert_eq!(schemas.faults("none.json", &json!({})).len(), 1);
    }

    #[test]
    fn references_into_other_files_and_alternatives_are_followed() {
        let schemas = Schemas::load().expect("schemas");
        let esi = |state: &str| {
            json!({ "esiMECRequest": { "applicantRequestArray": [{
                "personSocialSecurityNumber": "123456789", "personGivenName": "A", "personSurName": "B",
                "personBirthDate": "1980-01-01", "usStateCode": state,
                "requestedCoveragePeriod": { "startDate": "2027-01-01", "endDate": "2027-12-31" },
            }] } })
        };
        assert!(schemas.faults("ESIMEC-Request-schema.json", &esi("OH")).is_empty());
        assert_eq!(schemas.faults("ESIMEC-Request-schema.json", &esi("XX")).len(), 1);
        let code = json!([{ "responseMetadata": { "responseCode": "HX005001", "responseText": "" } }]);
        let both = json!({ "ifsvResponse": { "requestID": "1", "responseMetadataArray": code } });
        assert_eq!(schemas.faults("IFSV-Response-schema.json", &both), ["$.ifsvResponse: does not fit oneOf"]);
        let vlp = json!({ "closeCaseRequest": { "caseNumber": "0000000000000aa" } });
        assert_eq!(schemas.faults("vlp.json#closeCaseRequest", &vlp).len(), 1);
    }
}
