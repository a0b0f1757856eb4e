/// The business servers of the configuration.
public protocol BusinessServerDirectory: Sendable {
    /// The identity behind a token, which is what the database keeps; `nil` when the token is not authorised.
    ///
    /// Takes the same time for every wrong token.
    func identity(ofToken token: String) -> String?

    /// The callback URL of a business server; `nil` when it is no longer configured.
    func destination(of identity: String) -> String?

    /// What a business server may ask for; the server-wide limits when it is no longer configured.
    func limits(of identity: String) -> TaskLimits
}
