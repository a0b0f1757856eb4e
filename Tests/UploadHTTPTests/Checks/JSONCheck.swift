import Foundation

@testable import UploadCore
@testable import UploadHTTP

/// Holds the reading of JSON bodies against Foundation's, for the tests and for `scripts/fuzz`.
enum JSONCheck {
    /// Reads a body as both routes do.
    ///
    /// - Returns: What is wrong with how it is read; `nil` when nothing is.
    static func fault(_ bytes: [UInt8]) -> String? {
        let reference = (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any]
        return scanning(bytes, reference) ?? registering(bytes, reference) ?? changingState(bytes)
    }

    private static func scanning(_ bytes: [UInt8], _ reference: [String: Any]?) -> String? {
        let members: [String: JSONValue]
        do {
            members = try JSONScanner.members(of: bytes)
        } catch {
            guard reference == nil || isKnownToRefuse(bytes, error.problem) else { return "refused: \(error.problem)" }
            return nil
        }
        for (name, value) in members {
            guard contains(bytes, value.text) else { return "\(name) is not as it was written: \(value.text)" }
            let again = try? JSONScanner.members(of: Array("{\"x\":\(value.text)}".utf8))
            guard again == ["x": value] else { return "\(name) reads differently alone: \(value)" }
            if case .string(let text) = value.kind, replaces(value.text, text) {
                return "\(name) has a character that was not written: \(value)"
            }
        }
        guard let reference else { return Unrepresentable.isIn(bytes) ? nil : "accepted: \(members)" }
        guard Set(members.keys) == Set(reference.keys) else { return "names: \(members), not \(reference)" }
        for (name, value) in members {
            guard isSame(value, reference[name]) else { return "\(value) is not \(reference[name] ?? "")" }
        }
        return nil
    }

    /// Whether U+FFFD stands for something else: what can't be read must not become a text, and one with others.
    private static func replaces(_ written: String, _ text: String) -> Bool {
        func count(_ text: String) -> Int { text.unicodeScalars.count { $0 == "\u{FFFD}" } }
        let (bytes, escape) = (Array(written.lowercased().utf8), Array("\\ufffd".utf8))
        // A backslash that is escaped itself makes it one too many, which is harmless here.
        let escapes = bytes.indices.count { bytes[$0...].starts(with: escape) }
        return count(text) > count(written) + escapes
    }

    /// What Foundation takes and the scanner does not: four times as much depth, a byte order mark, UTF-16 and UTF-32
    /// (RFC 8259: UTF-8 only), and a comma after the last element.
    private static func isKnownToRefuse(_ bytes: [UInt8], _ problem: String) -> Bool {
        if problem.contains("nested") || problem.contains("UTF-8") { return true }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) || bytes.prefix(4).contains(0) { return true }
        let bare = String(decoding: bytes, as: UTF8.self)
            .replacingOccurrences(of: #""([^"\\]|\\.)*""#, with: "s", options: .regularExpression)
        return bare.range(of: #",[ \t\r\n]*[}\]]"#, options: .regularExpression) != nil
    }

    private static func isSame(_ value: JSONValue, _ reference: Any?) -> Bool {
        switch value.kind {
        case .string(let text): (reference as? String).map { Array($0.utf8) == Array(text.utf8) } ?? false
        // Foundation has no such thing either.
        case .noText: false
        case .null: reference is NSNull
        case .integer: (reference as? NSNumber).map { Int64(value.text).map(NSNumber.init) ?? $0 == $0 } ?? false
        case .other:
            switch value.text.utf8.first {
            case UInt8(ascii: "{"): reference is [String: Any]
            case UInt8(ascii: "["): reference is [Any]
            case UInt8(ascii: "t"): reference as? Bool == true
            case UInt8(ascii: "f"): reference as? Bool == false
            default: (reference as? NSNumber).map { isNear($0.doubleValue, Double(value.text) ?? .nan) } ?? false
            }
        }
    }

    /// Foundation rounds more than once.
    private static func isNear(_ number: Double, _ other: Double) -> Bool {
        number == other || abs(number / other - 1) < 1e-9
    }

    private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        let text = Array(text.utf8)
        return text.count <= bytes.count
            && (0...bytes.count - text.count).contains { bytes[$0...].starts(with: text) }
    }
}

extension JSONCheck {
    private static let names = [
        "body", "token", "userId", "storePath", "fileName", "fileSize", "fileMd5", "taskId", "status",
    ]

    private static func registering(_ bytes: [UInt8], _ reference: [String: Any]?) -> String? {
        do {
            let body = try RegistrationBody(bytes)
            _ = try body.token()
            let registration = try body.registration(for: "one")
            try registration.check()
            return reference.flatMap { callback(registration, $0) }
        } catch {
            return fault(of: error)
        }
    }

    private static func changingState(_ bytes: [UInt8]) -> String? {
        do {
            let body = try StateBody(bytes)
            return TaskID(body.taskID.rawValue) == nil ? "\(body)" : nil
        } catch {
            return fault(of: error)
        }
    }

    private static func fault(of error: UploadError) -> String? {
        let isNamed = names.contains { error.message.hasPrefix("\($0) ") }
        return error.code == .invalidParameter && isNamed ? nil : "names no parameter: \(error)"
    }

    /// What was registered comes back in the callback, which is JSON whatever was registered.
    private static func callback(_ registration: Registration, _ reference: [String: Any]) -> String? {
        guard let id = TaskID(1) else { return "no task" }
        let now = Timestamp(milliseconds: 0)
        let task = UploadTask(
            id: id, state: .finished, registration: registration, targetPath: "/", keyGeneration: 1, receivedBytes: 0,
            reason: "",
            createdAt: now, activeAt: now)
        let body = CallbackDraft(.finished, status: "ok", destination: "").body(for: task)
        guard let sent = (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] else {
            return "the callback is no JSON: \(body)"
        }
        for name in ["storePath", "fileName", "fileMd5"] {
            let (given, returned) = (reference[name] as? String, sent[name] as? String)
            guard given?.lowercased() == returned?.lowercased(), name == "fileMd5" || given == returned else {
                return "\(name): \(returned ?? "nothing"), not \(given ?? "nothing")"
            }
        }
        if let feedback = registration.feedback, !body.contains("\"data\":\(feedback),\"taskId\"") {
            return "the feedback is not as it was written: \(body)"
        }
        return nil
    }
}

/// JSON that Foundation can't represent, and the scanner has no need to.
private enum Unrepresentable {
    static func isIn(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        // Lone surrogates; numbers that no Double holds.
        return text.range(of: #"\\u[dD][89a-fA-F]"#, options: .regularExpression) != nil
            || text.range(of: #"[0-9]{300}|[eE][+-]?0*[1-9][0-9]{2}"#, options: .regularExpression) != nil
    }
}
