//! The same transfer as JSON, and back: keys are the local names of the elements, in their order.
//!
//! Words are a string, what was not asked is `null`, elements of which there can be several are a list, and `niem-s:id`, `ref`
//! and `metadata` are `@id`, `@ref` and `@metadata` (then the words are `value`). docs/transfer.md describes it. It must
//! lose nothing: reading what was written gives the same tree.

use serde_json::{Map, Value, json};

use super::shape;
use super::xml::{Element, Refused, Space};

/// `{"AccountTransferRequest": {"@version": "2.4", …}}`
pub fn write(root: &Element) -> Value {
    json!({ root.local.as_str(): one(root) })
}

fn one(element: &Element) -> Value {
    if element.nil {
        return Value::Null;
    }
    let mut said = Map::new();
    let attributes = [
        ("@id", &element.id),
        ("@ref", &element.reference),
        ("@metadata", &element.metadata),
        ("@version", &element.version),
    ];
    for (name, value) in attributes {
        if let Some(value) = value {
            said.insert(name.to_string(), json!(value));
        }
    }
    if element.children.is_empty() && !element.text.is_empty() {
        if said.is_empty() {
            return json!(element.text);
        }
        said.insert("value".to_string(), json!(element.text));
    }
    for child in &element.children {
        let many = shape::kid(element, &child.local).is_none_or(|kid| kid.many);
        match many {
            true => {
                let list = said.entry(child.local.as_str()).or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(list) = list {
                    list.push(one(child));
                }
            }
            false => drop(said.insert(child.local.clone(), one(child))),
        }
    }
    Value::Object(said)
}

/// Reads a transfer from JSON.
///
/// # Errors
///
/// Which key is wrong, and why.
pub fn read(text: &str) -> Result<Element, Refused> {
    let said: Value = serde_json::from_str(text)
        .map_err(|error| Refused { line: error.line(), why: format!("not JSON ({:?})", error.classify()) })?;
    let Value::Object(said) = said else { return Err(Refused::whole("not an object of JSON")) };
    let mut roots = said.into_iter();
    let (Some((name, value)), None) = (roots.next(), roots.next()) else {
        return Err(Refused::whole("not one AccountTransferRequest or AccountTransferResponse"));
    };
    if !["AccountTransferRequest", "AccountTransferResponse"].contains(&name.as_str()) {
        return Err(Refused::whole("neither AccountTransferRequest nor AccountTransferResponse"));
    }
    let mut root = Element::new(Space::Exchange, &name);
    fill(&mut root, value, &name)?;
    Ok(root)
}

fn fill(element: &mut Element, value: Value, path: &str) -> Result<(), Refused> {
    let odd = |why: &str| Err(Refused::whole(format!("{path}: {why}")));
    match value {
        Value::Null => element.nil = true,
        Value::String(words) => element.text = words,
        Value::Object(said) => {
            for (name, value) in said {
                match (name.as_str(), &value) {
                    ("@id", Value::String(own)) => element.id = Some(own.clone()),
                    ("@ref", Value::String(own)) => element.reference = Some(own.clone()),
                    ("@metadata", Value::String(own)) => element.metadata = Some(own.clone()),
                    ("@version", Value::String(own)) => element.version = Some(own.clone()),
                    ("value", Value::String(own)) => element.text = own.clone(),
                    _ => child(element, &name, value, path)?,
                }
            }
            // An object of JSON has no order of its own.
            let kids = shape::kids(element).unwrap_or_default();
            element.children.sort_by_key(|own| kids.iter().position(|kid| kid.local == own.local));
        }
        _ => return odd("neither words, null, nor an object"),
    }
    Ok(())
}

fn child(parent: &mut Element, name: &str, value: Value, path: &str) -> Result<(), Refused> {
    let path = format!("{path}/{name}");
    let Some(kid) = shape::kid(parent, name) else {
        return Err(Refused::whole(format!("{path}: may not stand here")));
    };
    let values = match (kid.many, value) {
        (true, Value::Array(values)) => values,
        (true, _) => return Err(Refused::whole(format!("{path}: not a list"))),
        (false, value) => vec![value],
    };
    for value in values {
        let mut own = Element::new(kid.space, name);
        fill(&mut own, value, &path)?;
        parent.children.push(own);
    }
    Ok(())
}
