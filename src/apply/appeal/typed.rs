//! What was typed on the page of an appeal: kept as it is until it is right, then what is on record.

use super::{About, people, phone};
use crate::application::sheet::RowId;
use crate::office::form::Form;
use crate::office::view::Fault;
use crate::store::lookup::Sought;
use crate::verify::appeal::{LINE_MAX, Said, TEXT_MAX, What};
use crate::web::page::Cx;

/// As typed.
pub struct Typed {
    pub people: Vec<RowId>,
    pub what: Vec<What>,
    pub why: String,
    pub urgent: bool,
    pub urgent_why: String,
    /// `yes`, `no`, or nothing yet.
    pub keep: String,
    pub late_why: String,
    pub helper: String,
    pub reach: String,
}

/// A phone number or an e-mail address is in it: what else was typed beside it, such as when to call, stays.
fn can_be_reached(typed: &str) -> bool {
    let is_email = |word: &str| Sought::email(word.trim_matches(|c: char| ",;.()<>".contains(c))).is_some();
    typed.chars().filter(char::is_ascii_digit).count() >= 10 || typed.split_whitespace().any(is_email)
}

/// Line breaks as we keep them: a browser sends two letters for each.
fn text(form: &Form, name: &str) -> String {
    form.get(name).replace("\r\n", "\n")
}

impl Typed {
    /// Before anything was typed.
    pub fn nothing(about: &About) -> Typed {
        Typed {
            people: Vec::new(),
            what: Vec::new(),
            why: String::new(),
            urgent: false,
            urgent_why: String::new(),
            keep: String::new(),
            late_why: String::new(),
            helper: String::new(),
            reach: phone(&about.case),
        }
    }

    pub fn of(form: &Form) -> Typed {
        Typed {
            people: form.all("whose").filter_map(|row| row.parse().ok()).collect(),
            what: form.all("what").filter_map(|word| word.parse().ok()).collect(),
            why: text(form, "why"),
            urgent: form.ticked("urgent"),
            urgent_why: text(form, "urgent_why"),
            keep: text(form, "keep"),
            late_why: text(form, "late_why"),
            helper: text(form, "helper"),
            reach: text(form, "reach"),
        }
    }

    /// What has to be put right, in the order of the page.
    pub fn faults(&self, cx: &Cx, about: &About) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut say = |field, key: &str| faults.push(Fault { field, words: cx.t(key).to_string() });
        let known = people(cx, &about.case);
        if !self.people.iter().any(|row| known.iter().any(|(own, _)| own == row)) {
            say("whose", "appeal.fault.whose");
        }
        if self.what.is_empty() {
            say("what", "appeal.fault.what");
        }
        if self.why.is_empty() {
            say("why", "appeal.fault.why");
        }
        if self.urgent && self.urgent_why.is_empty() {
            say("urgent_why", "appeal.fault.urgent_why");
        }
        if about.of.again && !["yes", "no"].contains(&self.keep.as_str()) {
            say("keep", "appeal.fault.keep");
        }
        if about.is_late() && self.late_why.is_empty() {
            say("late_why", "appeal.fault.late_why");
        }
        // Whose health cannot wait must not wait for a letter because of a slip.
        if !can_be_reached(&self.reach) {
            say("reach", "appeal.fault.reach");
        }
        for (field, typed, most) in [
            ("why", &self.why, TEXT_MAX),
            ("urgent_why", &self.urgent_why, TEXT_MAX),
            ("late_why", &self.late_why, TEXT_MAX),
            ("helper", &self.helper, LINE_MAX),
            ("reach", &self.reach, LINE_MAX),
        ] {
            let has = typed.chars().count();
            if has > most {
                let values = [("n", &most.to_string()[..]), ("has", &has.to_string())];
                faults.push(Fault { field, words: cx.tf("appeal.fault.too_long", &values) });
            }
        }
        faults
    }

    /// What goes on record. Called when nothing is wrong.
    pub fn said(&self, cx: &Cx, about: &About) -> Said {
        let known = people(cx, &about.case);
        let mut people = self.people.clone();
        people.retain(|row| known.iter().any(|(own, _)| own == row));
        people.dedup();
        let keep = about.of.again && self.keep == "yes";
        Said {
            people,
            what: self.what.clone(),
            why: self.why.clone(),
            urgent: if self.urgent { self.urgent_why.clone() } else { String::new() },
            keep,
            late: if about.is_late() { self.late_why.clone() } else { String::new() },
            helper: self.helper.clone(),
            reach: self.reach.clone(),
            kept: if keep { about.of.keeps.clone() } else { Vec::new() },
            decision: None,
        }
    }

    /// For the page that shows it to be checked: names and values.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs: Vec<(&'static str, String)> = self.people.iter().map(|row| ("whose", row.to_string())).collect();
        pairs.extend(self.what.iter().map(|what| ("what", what.to_string())));
        if self.urgent {
            pairs.push(("urgent", "1".to_string()));
        }
        for (name, value) in [
            ("why", &self.why),
            ("urgent_why", &self.urgent_why),
            ("keep", &self.keep),
            ("late_why", &self.late_why),
            ("helper", &self.helper),
            ("reach", &self.reach),
        ] {
            pairs.push((name, value.clone()));
        }
        pairs
    }
}
