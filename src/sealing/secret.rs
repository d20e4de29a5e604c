//! A value that no log, page, file or panic can show.

use zeroize::Zeroize;

/// Holds what a person typed or a key. It has no `Debug`, `Display`, `Serialize` or `Clone`, and neither has anything
/// that holds one by deriving: whoever wants the value says [`expose`](Secret::expose), which is easy to search for.
/// Wiped when dropped.
///
/// ```compile_fail
/// let secret = windowshop::sealing::Secret::new("four words of mine".to_string());
/// println!("{secret:?}");
/// ```
/// ```compile_fail
/// let secret = windowshop::sealing::Secret::new("four words of mine".to_string());
/// println!("{secret}");
/// ```
/// ```compile_fail
/// let secret = windowshop::sealing::Secret::new("four words of mine".to_string());
/// serde_json::to_string(&secret).unwrap();
/// ```
/// ```compile_fail
/// #[derive(Debug)]
/// struct Form {
///     password: windowshop::sealing::Secret<String>,
/// }
/// ```
/// ```
/// let secret = windowshop::sealing::Secret::new("four words of mine".to_string());
/// assert_eq!(secret.expose().len(), 18);
/// ```
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    pub fn new(value: T) -> Secret<T> {
        Secret(value)
    }

    /// The value. Never pass it to anything that writes, but a page for its owner or a seal.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
