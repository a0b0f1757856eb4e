import Foundation
import HummingbirdCore

@testable import UploadCore
@testable import UploadHTTP

/// Holds the reading of task URLs against a naive one, for the tests and for `scripts/fuzz`.
enum QueryCheck {
    /// Reads the target of a request.
    ///
    /// - Returns: What is wrong with how it is read; `nil` when nothing is.
    static func fault(_ bytes: [UInt8]) -> String? {
        let target = String(decoding: bytes, as: UTF8.self)
        let uri = URI(target)
        let result = Result { () throws(UploadError) in try TaskAddress(query: uri) }
        // Targets of other forms name no route of ours; that they do no harm is enough.
        guard target.utf8.first == UInt8(ascii: "/") else { return nil }

        let (number, key) = (parameter("taskId", of: target), parameter("key", of: target) ?? "")
        switch result {
        case .success(let address):
            guard let number, number.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return "no number" }
            guard number.drop(while: { $0 == "0" }) == "\(address.id)" else { return "\(address), not \(number)" }
            guard address.key == key else { return "\(address), not \(key)" }
            return again(address)
        case .failure(let error):
            let expected = number == nil ? "taskId is missing" : "taskId must be a task's number"
            guard error.code == .invalidParameter, error.message == expected else { return "\(error), not \(expected)" }
            return number.flatMap { TaskID($0) }.map { "\($0) is refused" }
        }
    }

    /// The URLs that we give out are read back.
    private static func again(_ address: TaskAddress) -> String? {
        // Keys are hex digits; others are not given out.
        guard address.key.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
            return nil
        }
        let links = TaskURLs(address: "http://127.0.0.1", port: 8080, proxyAddress: "")
            .links(of: address.id, key: address.key, base: nil)
        for url in [links.upload, links.blocks] {
            let uri = URI(url)
            guard let again = try? TaskAddress(query: uri), again.id == address.id, again.key == address.key else {
                return "\(url) is not read back"
            }
        }
        let state = TaskAddress(id: address.id, query: URI(links.state))
        return state.key == address.key ? nil : "\(links.state) is not read back"
    }

    /// The first parameter of a name, decoded where it can be.
    private static func parameter(_ name: String, of target: String) -> String? {
        let query = split(split(target, "?", 1).dropFirst().first ?? "", "#", 1)[0]
        for pair in split(query, "&", .max) {
            let parts = split(pair, "=", 1)
            guard parts[0] == name else { continue }
            return parts.count == 1 ? "" : decoded(parts[1])
        }
        return nil
    }

    /// Text with a `%` that two hex digits do not follow is left as it is; bytes that are not UTF-8 are repaired.
    private static func decoded(_ text: String) -> String {
        let pieces = split(text, "%", .max)
        var bytes = Array(pieces[0].utf8)
        for piece in pieces.dropFirst() {
            let digits = String(decoding: piece.utf8.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, digits.utf8.allSatisfy("0123456789abcdefABCDEF".utf8.contains),
                let byte = UInt8(digits, radix: 16)
            else { return text }
            bytes += [byte] + piece.utf8.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func split(_ text: String, _ separator: Unicode.Scalar, _ limit: Int) -> [String] {
        text.utf8.split(separator: UInt8(ascii: separator), maxSplits: limit, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
