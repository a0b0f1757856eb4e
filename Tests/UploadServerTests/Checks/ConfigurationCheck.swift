import Foundation
import Yams

@testable import UploadServer

/// Holds the configuration to what it promises about any text, for the tests and for `scripts/fuzz`.
enum ConfigurationCheck {
    private static let token = "Zq7vKpTokenOfTheShop"
    private static let secret = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"

    /// Loads a text in which the bytes 1 and 2, which YAML does not have, stand for a token and a secret.
    ///
    /// - Returns: What is wrong with how it is loaded; `nil` when nothing is.
    static func fault(_ bytes: [UInt8]) -> String? {
        let yaml = String(decoding: bytes, as: UTF8.self)
            .replacing("\u{1}", with: token).replacing("\u{2}", with: secret)
        do {
            let loaded = try load(yaml)
            return secrecy(of: loaded, yaml) ?? again(loaded.configuration)
        } catch {
            return faults(error, yaml)
        }
    }

    private static func load(_ yaml: String) throws(ConfigurationFaults) -> LoadedConfiguration {
        try ConfigurationLoader(environment: [:], flags: [:]).load(yaml: yaml)
    }

    private static func faults(_ error: ConfigurationFaults, _ yaml: String) -> String? {
        guard !error.faults.isEmpty else { return "no fault is named" }
        let hidden = hiddenWords(yaml) + [secret]
        for fault in error.faults {
            if fault.key.isEmpty || fault.problem.isEmpty { return "names nothing: \(fault)" }
            if fault.description.contains(where: \.isNewline) { return "has lines: \(fault)" }
            if hidden.contains(where: fault.description.contains) { return "tells: \(fault)" }
        }
        return nil
    }

    private static func secrecy(of loaded: LoadedConfiguration, _ yaml: String) -> String? {
        let hidden = hiddenWords(yaml)
        let texts = loaded.warnings + loaded.describe().flatMap { [$0.key, $0.value] }
        return texts.first { text in hidden.contains(where: text.contains) }.map { "tells: \($0)" }
    }

    /// What loads can be written down and loaded again, and means the same.
    private static func again(_ configuration: ServerConfiguration) -> String? {
        let yaml = Rendering.yaml(configuration)
        do {
            let again = try load(yaml).configuration
            return again == configuration ? nil : "\(again), not \(configuration)"
        } catch {
            return "\(error) in \(yaml)"
        }
    }

    /// The token and the secret, each unless it also stands where it is none.
    private static func hiddenWords(_ yaml: String) -> [String] {
        guard let root = try? Yams.compose(yaml: yaml) else { return [token, secret] }
        var credentials: [Node] = []
        for (key, entry) in root.mapping?["bServer"]?.mapping ?? [:] {
            let named = entry.mapping?["token"]
            credentials += [named ?? key, entry.mapping?["secret"]].compactMap(\.self)
        }
        return [token, secret].filter { word in
            count(of: word, in: root) == credentials.reduce(0) { $0 + count(of: word, in: $1) }
        }
    }

    private static func count(of word: String, in node: Node) -> Int {
        switch node {
        case .scalar(let scalar): scalar.string.contains(word) ? 1 : 0
        case .sequence(let nodes): nodes.reduce(0) { $0 + count(of: word, in: $1) }
        case .mapping(let pairs): pairs.reduce(0) { $0 + count(of: word, in: $1.key) + count(of: word, in: $1.value) }
        case .alias: 0
        }
    }
}

/// A configuration as a file.
private enum Rendering {
    static func yaml(_ configuration: ServerConfiguration) -> String {
        var lines: [String] = []
        var sections: [String] = []
        for key in ConfigurationKey<ServerConfiguration>.all {
            let path = Array(key.components.dropLast())
            let common = zip(path, sections).prefix { $0 == $1 }.count
            for depth in common..<path.count { lines.append("\(indent(depth))\(path[depth]):") }
            sections = path
            lines.append("\(indent(path.count))\(key.components.last ?? ""): \(quoted(key.text(configuration)))")
        }
        lines.append("bServer:")
        for server in configuration.businessServers {
            lines.append("  \(quoted(server.token)):")
            lines.append("    name: \(quoted(server.name))")
            lines.append("    notifyUrl: \(quoted(server.notifyURL))")
            for key in ConfigurationKey<ServerConfiguration.BusinessServer>.all where key.name.hasPrefix("max") {
                lines.append("    \(key.name): \(quoted(key.text(server)))")
            }
            if let secret = server.secret {
                lines.append("    secret: \(quoted("whsec_" + Data(secret.bytes).base64EncodedString()))")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    private static func quoted(_ text: String) -> String {
        "\""
            + text.unicodeScalars.map { scalar in
                let isPlain = (0x20...0x7E).contains(scalar.value) && scalar != "\"" && scalar != "\\"
                if isPlain { return String(scalar) }
                let digits = String(scalar.value, radix: 16)
                return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            }.joined() + "\""
    }
}
