//! temp
pub mod cost_share;
pub fn slug(name: &str) -> String {
    name.to_string()
}
