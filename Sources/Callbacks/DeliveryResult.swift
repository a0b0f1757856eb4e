/// What an attempt to deliver a callback met.
public enum DeliveryResult: Sendable, Equatable {
    /// The receiver answered, and perhaps asked not to be called again for so long.
    case answered(status: Int, retryAfter: Duration?)
    /// No answer came; the reason is short and names neither URL nor secret.
    case failed(String)
    /// There is nowhere to send it to, and trying again would not change that.
    case undeliverable(String)

    /// The status of the answer, if one came.
    public var status: Int? {
        if case .answered(let status, _) = self { status } else { nil }
    }

    /// Why it is no success, in a few words; `nil` for a 2xx.
    public var error: String? {
        switch self {
        case .answered(let status, _): (200..<300).contains(status) ? nil : "HTTP \(status)"
        case .failed(let reason), .undeliverable(let reason): reason
        }
    }

    var retryAfter: Duration? {
        if case .answered(_, let retryAfter) = self { retryAfter } else { nil }
    }
}
