//! Remote identity proofing (RIDP, RJ139): two calls in one session, and the follow-up by reference number (FARS) after a
//! refusal that was settled by telephone.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::Date;

use super::fault::HubFault;
use super::person::{self, Ssn, unsent};
use super::wire::{self, Level, Metadata, at_most, garbage};

const STREET_MAX: usize = 60;
const CITY_MAX: usize = 40;
/// Questions of one session, choices of one question.
const QUESTIONS: std::ops::RangeInclusive<usize> = 3..=5;
const CHOICES_MAX: usize = 5;

/// Who is to be proofed.
#[derive(Clone)]
pub struct RidpAsk {
    pub first: String,
    pub middle: Option<String>,
    pub last: String,
    pub suffix: Option<String>,
    pub born: Option<Date>,
    pub ssn: Option<Ssn>,
    pub street: String,
    pub city: String,
    /// Two letters.
    pub state: String,
    /// Five digits.
    pub zip: String,
    pub phone: Option<String>,
    /// Questions come in Spanish, else in English.
    pub spanish: bool,
}

/// The answer to the first call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RidpFirst {
    Questions(Questions),
    /// No questions can be made for this person; a decision comes at once.
    Decided(Decision),
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Questions {
    pub session: String,
    pub reference: String,
    pub questions: Vec<Question>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub text: String,
    pub choices: Vec<String>,
}

/// The second call: for each question, by its number from 1, the number of the choice.
#[derive(Clone)]
pub struct RidpAnswers {
    pub session: String,
    pub reference: String,
    pub answers: Vec<(u8, u8)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub code: DecisionCode,
    /// What the person says to the help desk; also what the follow-up goes by.
    pub reference: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DecisionCode {
    #[serde(rename = "ACC")]
    Accepted,
    /// To the proofing service's call center.
    #[serde(rename = "RF1")]
    CallCenter,
    /// More or other facts are needed.
    #[serde(rename = "RF2")]
    MoreFacts,
    #[serde(rename = "RF3")]
    Refused3,
    #[serde(rename = "RF4")]
    Refused4,
}

fn takes_street(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '#' | ' ' | '-' | '/' | '.')
}

fn takes_city(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, ' ' | '.')
}

pub(super) fn write_first(ask: &RidpAsk) -> Result<Value, HubFault> {
    let mut of = json!({
        "personGivenName": person::proofing_name(&ask.first).ok_or_else(|| unsent("personGivenName"))?,
        "personSurName": person::proofing_surname(&ask.last).ok_or_else(|| unsent("personSurName"))?,
        "personPreferredLanguage": if ask.spanish { "spa" } else { "eng" },
    });
    let more = [
        ("personMiddleName", ask.middle.as_deref().and_then(person::proofing_name)),
        ("personSuffixName", person::suffix(ask.suffix.as_deref())),
        ("personBirthDate", ask.born.map(person::day)),
        ("personSocialSecurityNumber", ask.ssn.as_ref().map(|ssn| ssn.digits().to_string())),
    ];
    person::put(&mut of, more);
    let zip = Some(&ask.zip).filter(|zip| zip.len() == 5 && zip.bytes().all(|b| b.is_ascii_digit()));
    let mut at = json!({
        "streetName": person::line(&ask.street, takes_street, STREET_MAX).ok_or_else(|| unsent("streetName"))?,
        "cityName": person::line(&ask.city, takes_city, CITY_MAX).ok_or_else(|| unsent("cityName"))?,
        "zipCode": zip.ok_or_else(|| unsent("zipCode"))?,
        "usStateCode": person::state(&ask.state)?,
    });
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    if let Some(phone) = ask.phone.as_deref().map(digits).filter(|phone| phone.len() == 10) {
        at["telephoneNumber"] = phone.into();
    }
    let request = json!({ "person": of, "contactInformation": at, "levelOfProofingCode": "LevelThree" });
    Ok(json!({ "ridpRequest": { "primaryRequest": request } }))
}

pub(super) fn write_second(ask: &RidpAnswers) -> Result<Value, HubFault> {
    let number = |number: u8| (1..=5).contains(&number).then(|| number.to_string());
    let set = |(question, answer): &(u8, u8)| {
        let (question, answer) = number(*question).zip(number(*answer))?;
        Some(
            json!({ "verificationAnswerSet": { "verificationAnswer": answer, "verificationQuestionNumber": question } }),
        )
    };
    let answers: Option<Vec<Value>> = ask.answers.iter().map(set).collect();
    let answers = answers.filter(|answers| QUESTIONS.contains(&answers.len()));
    let request = json!({
        "verificationAnswerArray": answers.ok_or_else(|| unsent("verificationAnswerArray"))?,
        "sessionIdentification": Some(&ask.session).filter(|id| is_session(id)).ok_or_else(|| unsent("sessionIdentification"))?,
        "hubReferenceNumber": reference(&ask.reference)?,
    });
    Ok(json!({ "ridpRequest": { "secondaryRequest": request } }))
}

/// Letters, digits and `# - / .`, at most 70.
fn is_session(id: &str) -> bool {
    (1..=70).contains(&id.len()) && id.chars().all(takes_street)
}

fn reference(number: &str) -> Result<&str, HubFault> {
    Some(number).filter(|number| is_reference(number)).ok_or_else(|| unsent("hubReferenceNumber"))
}

fn is_reference(number: &str) -> bool {
    (1..=90).contains(&number.len()) && !number.chars().any(char::is_control)
}

/// The follow-up, in the shape of the second call: no schema of it is published.
pub(super) fn write_follow_up(number: &str) -> Result<Value, HubFault> {
    Ok(json!({ "farsRequest": { "hubReferenceNumber": reference(number)? } }))
}

#[derive(Deserialize)]
enum Envelope {
    #[serde(rename = "ridpResponse")]
    Proofing(Response),
    #[serde(rename = "farsResponse")]
    FollowUp(Response),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    session_identification: Option<String>,
    verification_question_array: Option<Vec<QuestionItem>>,
    final_decision_code: Option<DecisionCode>,
    hub_reference_number: Option<String>,
    response_metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QuestionItem {
    verification_question_set: QuestionSet,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QuestionSet {
    verification_question_text: String,
    verification_answer_choice_array: Vec<ChoiceItem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChoiceItem {
    verification_answer_choice_text: String,
}

/// No questions can be made: the final decision comes instead.
const NO_QUESTIONS: &str = "HE000050";

fn decision(of: &Response) -> Result<Option<Decision>, HubFault> {
    if of.hub_reference_number.as_ref().is_some_and(|number| !is_reference(number)) {
        return Err(garbage("hubReferenceNumber is none"));
    }
    Ok(of.final_decision_code.map(|code| Decision { code, reference: of.hub_reference_number.clone() }))
}

pub(super) fn read_first(body: &[u8]) -> Result<RidpFirst, HubFault> {
    let Envelope::Proofing(of) = wire::parse(body)? else { return Err(garbage("an answer of another service")) };
    let none = of.response_metadata.code == NO_QUESTIONS;
    if !none && wire::level(&of.response_metadata.code)? != Level::Success {
        return Err(garbage("identity proofing finds nobody: it has no such answer"));
    }
    match (decision(&of)?, of.verification_question_array) {
        (Some(decision), None) => Ok(RidpFirst::Decided(decision)),
        (None, Some(questions)) if !none => {
            let session = of.session_identification.filter(|id| is_session(id));
            let session = session.ok_or_else(|| garbage("questions without a session"))?;
            let reference = of.hub_reference_number.ok_or_else(|| garbage("questions without a reference number"))?;
            Ok(RidpFirst::Questions(Questions { session, reference, questions: read_questions(questions)? }))
        }
        _ => Err(garbage("neither questions nor a decision, or both")),
    }
}

fn read_questions(items: Vec<QuestionItem>) -> Result<Vec<Question>, HubFault> {
    if !QUESTIONS.contains(&items.len()) {
        return Err(garbage("fewer than three questions, or more than five"));
    }
    let question = |item: QuestionItem| {
        let of = item.verification_question_set;
        at_most(&of.verification_answer_choice_array, CHOICES_MAX, "verificationAnswerChoiceArray")?;
        if of.verification_answer_choice_array.is_empty() {
            return Err(garbage("a question without choices"));
        }
        let choice =
            |item: ChoiceItem| wire::text(item.verification_answer_choice_text, "verificationAnswerChoiceText");
        Ok(Question {
            text: wire::text(of.verification_question_text, "verificationQuestionText")?,
            choices: of.verification_answer_choice_array.into_iter().map(choice).collect::<Result<_, _>>()?,
        })
    };
    items.into_iter().map(question).collect()
}

pub(super) fn read_second(body: &[u8], ask: &RidpAnswers) -> Result<Decision, HubFault> {
    let Envelope::Proofing(of) = wire::parse(body)? else { return Err(garbage("an answer of another service")) };
    if wire::level(&of.response_metadata.code)? != Level::Success {
        return Err(garbage("identity proofing finds nobody: it has no such answer"));
    }
    if of.session_identification.as_ref().is_some_and(|id| *id != ask.session) {
        return Err(garbage("an answer about another session"));
    }
    decision(&of)?.ok_or_else(|| garbage("no decision"))
}

/// `None`: the reference number is not known, or nothing is decided yet.
pub(super) fn read_follow_up(body: &[u8], number: &str) -> Result<Option<Decision>, HubFault> {
    let Envelope::FollowUp(of) = wire::parse(body)? else { return Err(garbage("an answer of another service")) };
    if wire::level(&of.response_metadata.code)? == Level::NotFound {
        return Ok(None);
    }
    if of.hub_reference_number.as_ref().is_some_and(|said| said != number) {
        return Err(garbage("an answer about another reference number"));
    }
    decision(&of)
}
