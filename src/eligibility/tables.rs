//! temp
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarketplaceKind {
    Ffm,
    SbmFp,
    Sbm,
}
#[derive(Debug, Clone)]
pub struct Marketplace {
    pub kind: MarketplaceKind,
    pub name: String,
    pub url: String,
    pub phone: String,
}
#[derive(Debug, Default)]
pub struct Tables;
impl Tables {
    pub fn marketplace(&self, _state: &str, _year: u16) -> Option<&Marketplace> {
        None
    }
}
