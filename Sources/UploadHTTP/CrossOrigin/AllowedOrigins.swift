/// Whose web pages may use the block API: origins as browsers send them, `https://app.example.com`.
public enum AllowedOrigins: Sendable, Equatable {
    /// Nobody's, and no answer says a word about origins.
    case nobody
    /// Everybody's.
    case everybody
    /// These, each scheme and host in lower case, with a port where it is not the scheme's own.
    case these([String])

    /// What an answer to a page of this origin names; `nil` where the page may not read it.
    func answer(to origin: String?) -> String? {
        guard let origin else { return nil }
        switch self {
        case .nobody: return nil
        case .everybody: return "*"
        case .these(let origins): return origins.contains(origin) ? origin : nil
        }
    }
}
