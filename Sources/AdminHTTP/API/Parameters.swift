import Hummingbird
import HummingbirdCore
import UploadCore

/// The parameters of a query; what is wrong is refused by its name.
struct Parameters {
    private var values: [String: String] = [:]

    init(_ request: Request, known: Set<String>) throws {
        // The framework leaves a + as it is; forms and scripts mean a space by it (URL Standard, section 5.1).
        let words = request.uri.string.split(separator: "+", omittingEmptySubsequences: false)
        for (name, value) in URI(words.joined(separator: "%20")).queryParameters {
            let name = String(name)
            guard known.contains(name) else {
                throw Self.refusal(name, "is unknown; there are \(known.sorted().joined(separator: ", "))")
            }
            guard values.updateValue(String(value), forKey: name) == nil else {
                throw Self.refusal(name, "is there twice")
            }
        }
    }

    /// `nil` where it is missing or empty.
    func text(_ name: String) -> String? {
        guard let value = values[name], !value.isEmpty else { return nil }
        return value
    }

    func number(_ name: String, in range: ClosedRange<Int>, default standard: Int) throws -> Int {
        guard let text = text(name) else { return standard }
        guard let number = Int(text), range.contains(number) else {
            throw Self.refusal(name, "has to be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// One of a few words, or what `parse` makes of it.
    func word<Value>(
        _ name: String, default standard: Value, _ words: [String], _ parse: (String) -> Value?
    ) throws -> Value {
        guard let text = text(name) else { return standard }
        guard let value = parse(text) else {
            throw Self.refusal(name, "has to be one of \(words.joined(separator: ", "))")
        }
        return value
    }

    func time(_ name: String) throws -> Timestamp? {
        try text(name).map { try Self.time(name, $0) }
    }

    /// The text form, whose end may be missing: a day, a minute, a second.
    static func time(_ name: String, _ text: String) throws -> Timestamp {
        guard let time = Timestamp(lenient: text) else {
            throw refusal(name, "has to be a time in UTC like 2026-11-27 12:03:04.567, of which the end may be missing")
        }
        return time
    }

    static func refusal(_ name: String, _ problem: String) -> HTTPError {
        HTTPError(.badRequest, message: "\(name) \(problem)")
    }
}

extension RequestContext {
    /// The number in the path.
    func taskID() throws -> TaskID {
        guard let id = parameters.get("id").flatMap({ TaskID($0) }) else {
            throw Parameters.refusal("id", "has to be a task's number")
        }
        return id
    }
}
