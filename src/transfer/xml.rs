//! XML as a small tree, read within limits and written in one fixed way.
//!
//! Called by `receive` (what a state sends) and by `send` (what we send). What comes in is hostile until it has been read:
//! no document type, no entity but XML's own five, nothing included, and depth, size and number bounded. It must know no
//! element by name: what belongs where is `shape`'s.

use std::fmt;

use quick_xml::NsReader;
use quick_xml::escape::{escape, resolve_xml_entity};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

/// Of one document: forty people with everything take less than a tenth of it.
pub const MOST_BYTES: usize = 4 << 20;
/// The deepest sample has eleven levels, in an envelope thirteen.
const MOST_DEPTH: usize = 32;
const MOST_ELEMENTS: usize = 40_000;
/// Of the text of one element: the longest that a rule allows is 256 letters.
const MOST_TEXT: usize = 4_000;
const MOST_ATTRIBUTES: usize = 32;

/// The namespaces of an account transfer. Others are refused, but in the header of an envelope, which nobody reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Space {
    Exchange,
    Extension,
    Core,
    Eligibility,
    Plan,
    Niem,
    Screening,
    Soap,
}

/// Prefix as we write it, and namespace. Of the envelope: SOAP 1.2, then 1.1, which is read, too.
const SPACES: [(Space, &str, &str); 9] = [
    (Space::Exchange, "ex", "http://at.dsh.cms.gov/exchange/1.0"),
    (Space::Extension, "ext", "http://at.dsh.cms.gov/extension/1.0"),
    (Space::Core, "hix-core", "http://hix.cms.gov/0.1/hix-core"),
    (Space::Eligibility, "hix-ee", "http://hix.cms.gov/0.1/hix-ee"),
    (Space::Plan, "hix-pm", "http://hix.cms.gov/0.1/hix-pm"),
    (Space::Niem, "nc", "http://niem.gov/niem/niem-core/2.0"),
    (Space::Screening, "scr", "http://niem.gov/niem/domains/screening/2.1"),
    (Space::Soap, "S", "http://www.w3.org/2003/05/soap-envelope"),
    (Space::Soap, "S", "http://schemas.xmlsoap.org/soap/envelope/"),
];
const STRUCTURES: &str = "http://niem.gov/niem/structures/2.0";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

impl Space {
    pub fn prefix(self) -> &'static str {
        SPACES.iter().find(|(own, ..)| *own == self).map_or("", |(_, prefix, _)| prefix)
    }

    pub fn of_prefix(prefix: &str) -> Option<Space> {
        SPACES.iter().find(|(_, own, _)| *own == prefix).map(|(space, ..)| *space)
    }

    fn of_name(name: &str) -> Option<Space> {
        SPACES.iter().find(|(.., own)| *own == name).map(|(space, ..)| *space)
    }
}

/// An element. Has no `Debug`: it holds what people typed.
#[derive(Clone, PartialEq, Eq)]
pub struct Element {
    pub space: Space,
    pub local: String,
    /// `niem-s:id`, `niem-s:ref`, `niem-s:metadata`.
    pub id: Option<String>,
    pub reference: Option<String>,
    pub metadata: Option<String>,
    /// `ext:atVersionText`, of the root alone.
    pub version: Option<String>,
    /// `xsi:nil`: it was not asked.
    pub nil: bool,
    pub text: String,
    pub children: Vec<Element>,
}

/// Why a document is refused: the line, and our own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Refused {
    pub line: usize,
    pub why: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 { f.write_str(&self.why) } else { write!(f, "line {}: {}", self.line, self.why) }
    }
}

impl Refused {
    /// Of the document as a whole.
    pub fn whole(why: impl Into<String>) -> Refused {
        Refused { line: 0, why: why.into() }
    }
}

impl Element {
    pub fn new(space: Space, local: &str) -> Element {
        Element {
            space,
            local: local.to_string(),
            id: None,
            reference: None,
            metadata: None,
            version: None,
            nil: false,
            text: String::new(),
            children: Vec::new(),
        }
    }

    /// `hix-core:Person`
    pub fn name(&self) -> String {
        format!("{}:{}", self.space.prefix(), self.local)
    }

    /// The first child with this local name.
    pub fn child(&self, local: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.local == local)
    }

    pub fn all<'e>(&'e self, local: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.local == local)
    }

    /// Down a path of local names: `ActivityDate/DateTime`.
    pub fn at(&self, path: &str) -> Option<&Element> {
        path.split('/').try_fold(self, |element, local| element.child(local))
    }

    /// The text at a path; `None` if it is not there, is nil, or is empty.
    pub fn text_at(&self, path: &str) -> Option<&str> {
        self.at(path).filter(|found| !found.nil).map(|found| found.text.as_str()).filter(|text| !text.is_empty())
    }

    /// Every element below, and this one first.
    pub fn walk<'e>(&'e self, see: &mut dyn FnMut(&'e Element)) {
        see(self);
        self.children.iter().for_each(|child| child.walk(see));
    }

    fn count(&self) -> usize {
        1 + self.children.iter().map(Element::count).sum::<usize>()
    }
}

/// Reads a document.
///
/// # Errors
///
/// The line and the reason of the first thing that is wrong.
pub fn read(bytes: &[u8]) -> Result<Element, Refused> {
    if bytes.len() > MOST_BYTES {
        return Err(Refused::whole(format!("larger than {} MB", MOST_BYTES >> 20)));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Refused { line: line_of(bytes, error.valid_up_to()), why: "not UTF-8".to_string() })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = NsReader::from_str(text);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.check_end_names = true;
    config.check_comments = true;
    let mut tree = Tree::default();
    loop {
        let (space, event) = match reader.read_resolved_event() {
            Ok((space, event)) => (Found::of(&space), event),
            Err(_) => return refused(text, reader.error_position(), "not well-formed XML"),
        };
        let position = reader.buffer_position();
        let went = match &event {
            Event::Start(start) => tree.open(&reader, start, space),
            Event::End(_) => tree.close(),
            Event::Text(words) => tree.say(words),
            Event::CData(words) => tree.say(words),
            Event::GeneralRef(entity) => tree.say_entity(entity),
            Event::DocType(_) => Err("a document type is not allowed".to_string()),
            Event::PI(_) => Err("a processing instruction is not allowed".to_string()),
            Event::Decl(decl) => match decl.encoding() {
                Some(Ok(name)) if !name.eq_ignore_ascii_case("utf-8") => Err("not declared as UTF-8".to_string()),
                _ => Ok(()),
            },
            Event::Eof => break,
            _ => Ok(()),
        };
        if let Err(why) = went {
            return refused(text, position, &why);
        }
    }
    tree.done.filter(|_| tree.open.is_empty()).map_or_else(|| refused(text, text.len() as u64, "it ends too early"), Ok)
}

fn refused<T>(text: &str, position: u64, why: &str) -> Result<T, Refused> {
    let position = usize::try_from(position).unwrap_or(usize::MAX);
    Err(Refused { line: line_of(text.as_bytes(), position), why: why.to_string() })
}

fn line_of(bytes: &[u8], position: usize) -> usize {
    1 + bytes.iter().take(position).filter(|byte| **byte == b'\n').count()
}

/// The namespace of an element, out of the reader's hands.
#[derive(Clone, Copy)]
enum Found {
    Known(Space),
    Foreign,
}

impl Found {
    fn of(space: &ResolveResult) -> Found {
        match space {
            ResolveResult::Bound(Namespace(name)) => Space::of_name(name).map_or(Found::Foreign, Found::Known),
            _ => Found::Foreign,
        }
    }
}

#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    done: Option<Element>,
    seen: usize,
    /// Elements open inside of an envelope's header, which is passed over.
    passed: usize,
}

impl Tree {
    fn open(&mut self, reader: &NsReader<&[u8]>, start: &BytesStart, space: Found) -> Result<(), String> {
        self.seen += 1;
        if self.seen > MOST_ELEMENTS {
            return Err(format!("more than {MOST_ELEMENTS} elements"));
        }
        if self.open.len() + self.passed >= MOST_DEPTH {
            return Err(format!("deeper than {MOST_DEPTH} elements"));
        }
        if self.done.is_some() {
            return Err("more than one document".to_string());
        }
        let in_header = self.open.last().is_some_and(|last| last.space == Space::Soap && last.local == "Header");
        if self.passed > 0 || in_header {
            self.passed += 1;
            return Ok(());
        }
        let local = start.local_name().into_inner().to_string();
        let Found::Known(space) = space else {
            return Err("an element in a namespace that is none of an account transfer".to_string());
        };
        let mut element = Element::new(space, &local);
        attributes(reader, start, &mut element)?;
        self.open.push(element);
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        if self.passed > 0 {
            self.passed -= 1;
            return Ok(());
        }
        let Some(mut element) = self.open.pop() else { return Err("an element ends that never began".to_string()) };
        let words = element.text.trim();
        if !words.is_empty() && !element.children.is_empty() {
            return Err(format!("words between the elements of {}", element.local));
        }
        if element.nil && (!words.is_empty() || !element.children.is_empty()) {
            return Err(format!("{} is nil and not empty", element.local));
        }
        element.text = words.to_string();
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.done = Some(element),
        }
        Ok(())
    }

    fn say(&mut self, words: &str) -> Result<(), String> {
        if self.passed > 0 {
            return Ok(());
        }
        match self.open.last_mut() {
            Some(last) if last.text.len() + words.len() > MOST_TEXT => {
                Err(format!("{} is longer than {MOST_TEXT} bytes", last.local))
            }
            Some(last) => {
                last.text.push_str(words);
                Ok(())
            }
            None if words.trim().is_empty() => Ok(()),
            None => Err("words outside of the document".to_string()),
        }
    }

    fn say_entity(&mut self, entity: &BytesRef) -> Result<(), String> {
        let sign = match entity.resolve_char_ref() {
            Ok(Some(sign)) => Some(sign.to_string()),
            Ok(None) => resolve_xml_entity(entity).map(str::to_string),
            Err(_) => None,
        };
        let sign = sign.ok_or_else(|| "an entity that is none of XML's own five".to_string())?;
        self.say(&sign)
    }
}

fn attributes(reader: &NsReader<&[u8]>, start: &BytesStart, element: &mut Element) -> Result<(), String> {
    for (at, attribute) in start.attributes().enumerate() {
        if at >= MOST_ATTRIBUTES {
            return Err(format!("more than {MOST_ATTRIBUTES} attributes"));
        }
        let attribute = attribute.map_err(|_| "an attribute that cannot be read".to_string())?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let (space, local) = reader.resolver().resolve_attribute(attribute.key);
        let ResolveResult::Bound(Namespace(space)) = space else { continue };
        let value = attribute
            .normalized_value(quick_xml::XmlVersion::Implicit1_0)
            .map_err(|_| "an attribute with an entity".to_string())?
            .into_owned();
        if value.len() > MOST_TEXT {
            return Err(format!("an attribute longer than {MOST_TEXT} bytes"));
        }
        match (space, local.into_inner()) {
            (STRUCTURES, "id") => element.id = Some(value),
            (STRUCTURES, "ref") => element.reference = Some(value),
            (STRUCTURES, "metadata") => element.metadata = Some(value),
            (INSTANCE, "nil") => element.nil = matches!(value.as_str(), "true" | "1"),
            (space, "atVersionText") if Space::of_name(space) == Some(Space::Extension) => {
                element.version = Some(value)
            }
            _ => {}
        }
    }
    Ok(())
}

/// Writes a document: two spaces a level, every namespace at the root, the same bytes each time. In an envelope if `soap`.
pub fn write(root: &Element, soap: bool) -> String {
    let mut out = String::with_capacity(256 + root.count() * 96);
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut indent = 0;
    if soap {
        let (.., name) = SPACES[7];
        out.push_str(&format!("<S:Envelope xmlns:S=\"{name}\">\n  <S:Header/>\n  <S:Body>\n"));
        indent = 2;
    }
    let mut bindings = String::new();
    let mut used = Vec::new();
    let mut nil = false;
    root.walk(&mut |element| {
        used.push(element.space);
        nil |= element.nil;
    });
    for (space, prefix, name) in SPACES {
        let is_version = space == Space::Extension && root.version.is_some();
        if space != Space::Soap && (is_version || used.contains(&space)) {
            bindings.push_str(&format!(" xmlns:{prefix}=\"{name}\""));
        }
    }
    bindings.push_str(&format!(" xmlns:niem-s=\"{STRUCTURES}\""));
    if nil {
        bindings.push_str(&format!(" xmlns:xsi=\"{INSTANCE}\""));
    }
    element(&mut out, root, indent, &bindings);
    if soap {
        out.push_str("  </S:Body>\n</S:Envelope>\n");
    }
    out
}

fn element(out: &mut String, own: &Element, indent: usize, bindings: &str) {
    let pad = "  ".repeat(indent);
    let name = own.name();
    out.push_str(&format!("{pad}<{name}{bindings}"));
    let attributes = [
        ("niem-s:id", &own.id),
        ("niem-s:ref", &own.reference),
        ("niem-s:metadata", &own.metadata),
        ("ext:atVersionText", &own.version),
    ];
    for (name, value) in attributes {
        if let Some(value) = value {
            out.push_str(&format!(" {name}=\"{}\"", escape(plain(value))));
        }
    }
    if own.nil {
        out.push_str(" xsi:nil=\"true\"");
    }
    if own.children.is_empty() && own.text.is_empty() {
        out.push_str("/>\n");
    } else if own.children.is_empty() {
        out.push_str(&format!(">{}</{name}>\n", escape(plain(&own.text))));
    } else {
        out.push_str(">\n");
        own.children.iter().for_each(|child| element(out, child, indent + 1, ""));
        out.push_str(&format!("{pad}</{name}>\n"));
    }
}

/// Signs that XML 1.0 cannot hold become spaces.
fn plain(text: &str) -> String {
    let held = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if held(c) { c } else { ' ' }).collect()
}
