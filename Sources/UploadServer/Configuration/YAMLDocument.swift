import Yams

/// Parses YAML without repeating its text in errors, which may hold secrets.
enum YAMLDocument {
    /// The root of the only document; nil if there is none.
    ///
    /// - Parameter name: What a fault is reported under.
    static func root(of text: String, name: String) throws(ConfigurationFault) -> Node? {
        do {
            return try compose(yaml: text, .default, .default, .utf8)
        } catch let error as YamlError {
            throw fault(error, name)
        } catch {
            throw ConfigurationFault(name, "is not YAML: \(type(of: error))")
        }
    }

    private static func fault(_ error: YamlError, _ name: String) -> ConfigurationFault {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return ConfigurationFault(name, "is not YAML: \(problem)", at: "line \(mark.line), column \(mark.column)")
        case .reader(let problem, let offset, _, let text):
            let line = offset.map { text.prefix($0).count(where: \.isNewline) + 1 }
            return ConfigurationFault(name, "is not YAML: \(problem)", at: line.map { "line \($0)" })
        case .duplicatedKeysInMapping(let keys, let context):
            let shown = keys.sorted().map(shownDuplicate).joined(separator: ", ")
            return ConfigurationFault(name, "a key is given twice: \(shown)", at: "line \(context.mark.line)")
        default:
            return ConfigurationFault(name, "is not YAML")
        }
    }

    /// A duplicate may be a token.
    private static func shownDuplicate(_ key: String) -> String {
        let known =
            ConfigurationKey<ServerConfiguration>.all.flatMap(\.components)
            + ConfigurationKey<ServerConfiguration.BusinessServer>.all.flatMap(\.components)
            + [ConfigurationKey<ServerConfiguration.BusinessServer>.section, "token"]
        return known.contains(key) ? key : Masking.token(key)
    }
}

extension Node {
    /// Whether nothing is given: no text at all, `~` or `null`.
    var isNull: Bool { null != nil }

    /// Where it stands, for faults.
    var place: String? { mark.map { "line \($0.line)" } }
}
