//! As much XML as the batches need: elements with text or children, written in order; read into a tree with bounds. A
//! document type (and with it every entity of its own) is refused.

use quick_xml::Reader;
use quick_xml::escape::{escape, resolve_xml_entity};
use quick_xml::events::Event;

use crate::hub::fault::HubFault;
use crate::hub::wire::garbage;

/// Elements within elements, and elements of one file.
const DEPTH_MAX: usize = 32;
const ELEMENTS_MAX: usize = 2_000_000;

/// Written element by element.
pub struct Xml(String);

impl Xml {
    pub fn begin() -> Xml {
        Xml("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_string())
    }

    /// An element with attributes as they stand, and what is within.
    pub fn element(&mut self, name: &str, attributes: &str, within: impl FnOnce(&mut Xml)) {
        let space = if attributes.is_empty() { "" } else { " " };
        self.0 += &format!("<{name}{space}{attributes}>");
        within(self);
        self.0 += &format!("</{name}>");
    }

    pub fn open(&mut self, name: &str, within: impl FnOnce(&mut Xml)) {
        self.element(name, "", within);
    }

    pub fn text(&mut self, name: &str, text: &str) {
        self.0 += &format!("<{name}>{}</{name}>", escape(text));
    }

    pub fn maybe(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    pub fn done(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

/// An element, by its name without prefix.
#[derive(Debug, Default)]
pub struct Node {
    pub name: String,
    pub text: String,
    pub children: Vec<Node>,
}

impl Node {
    pub fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text below these elements, one within the other.
    pub fn below(&self, path: &[&str]) -> Option<&str> {
        let end = path.iter().try_fold(self, |node, name| node.child(name));
        end.map(|node| node.text.trim())
    }

    /// Every element of this name, at any depth.
    pub fn all<'a>(&'a self, name: &str, into: &mut Vec<&'a Node>) {
        for child in &self.children {
            if child.name == name {
                into.push(child);
            }
            child.all(name, into);
        }
    }
}

/// The root element.
pub fn parse(bytes: &[u8]) -> Result<Node, HubFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| garbage("XML that is not UTF-8"))?;
    let mut reader = Reader::from_str(text);
    let (mut open, mut elements): (Vec<Node>, usize) = (vec![Node::default()], 0);
    loop {
        let event = reader.read_event().map_err(|_| garbage("no well-formed XML"))?;
        let empty = matches!(event, Event::Empty(_));
        match event {
            Event::Start(of) | Event::Empty(of) => {
                elements += 1;
                if open.len() > DEPTH_MAX || elements > ELEMENTS_MAX {
                    return Err(garbage("more XML, or deeper, than makes sense"));
                }
                let name = of.local_name().into_inner().to_string();
                open.push(Node { name, ..Node::default() });
                if empty {
                    close(&mut open);
                }
            }
            Event::End(_) => close(&mut open),
            Event::Text(of) => say(&mut open, &of),
            Event::CData(of) => say(&mut open, &of),
            Event::GeneralRef(of) => {
                let letter = of.resolve_char_ref().ok().flatten().map(String::from);
                let known = resolve_xml_entity(&of).map(str::to_string).or(letter);
                say(&mut open, &known.ok_or_else(|| garbage("an entity that is not known"))?);
            }
            Event::DocType(_) => return Err(garbage("XML with a document type")),
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
    let mut top = open.pop().filter(|_| open.is_empty()).ok_or_else(|| garbage("XML that breaks off"))?;
    match (top.children.pop(), top.children.is_empty()) {
        (Some(root), true) => Ok(root),
        _ => Err(garbage("XML without one root")),
    }
}

/// Text of the innermost element.
fn say(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        node.text += text;
    }
}

/// The innermost element is done.
fn close(open: &mut Vec<Node>) {
    if open.len() > 1
        && let Some(node) = open.pop()
        && let Some(parent) = open.last_mut()
    {
        parent.children.push(node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut xml = Xml::begin();
        xml.element("a:Top", "xmlns:a=\"urn:a\"", |xml| {
            xml.open("In", |xml| xml.text("Name", "O'Brien & <Söhne>"));
            xml.maybe("No", None);
        });
        let root = parse(&xml.done()).expect("own");
        assert_eq!((root.name.as_str(), root.below(&["In", "Name"])), ("Top", Some("O'Brien & <Söhne>")));
        assert_eq!(root.below(&["No"]), None);
    }

    #[test]
    fn hostile_xml_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
        for bad in [
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<a>&unknown;</a>",
            "<a><b></a>",
            "<a>",
            "",
            "<a/><b/>",
            "<a></b>",
            deep.as_str(),
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(parse(b"\xff\xfe<a/>").is_err());
    }
}
