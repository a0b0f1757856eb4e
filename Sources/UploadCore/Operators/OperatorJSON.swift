import FoundationEssentials

/// Records as operators' programs read them: the same from the admin API and from commands.
public enum OperatorJSON {
    /// One line.
    ///
    /// - Throws: `EncodingError`; not for what is in this module.
    public static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// One line. The callback's body is in it as it is sent: read and written again, large numbers in it could change.
    ///
    /// - Throws: `EncodingError`; not for what is in this module.
    public static func text(_ report: CallbackReport) throws -> String {
        let (callback, attempts) = (try text(report.callback), try text(report.attempts))
        return "{\"callback\":\(callback),\"body\":\(report.body),\"attempts\":\(attempts)}"
    }
}

/// An optional that is written as `null` where it is missing, so that every record has all of its keys.
@propertyWrapper
public struct OrNull<Value: Sendable & Equatable & Encodable>: Sendable, Equatable, Encodable {
    /// The value, if there is one.
    public var wrappedValue: Value?

    /// Of this value, or of none.
    public init(wrappedValue: Value?) {
        self.wrappedValue = wrappedValue
    }

    /// The value itself, or `null`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
    }
}

extension TaskID: Encodable {
    /// The number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

extension TaskState: Encodable {}

extension Timestamp: Encodable {
    /// ``description``.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
