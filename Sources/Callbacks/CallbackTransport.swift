import FoundationEssentials
import UploadCore

/// Posts a callback.
protocol CallbackTransport: Sendable {
    /// Sends the request and waits for the head of the answer; no redirect is followed.
    ///
    /// Ends soon after its task is cancelled; with the answer if its head is there already.
    ///
    /// - Throws: ``TransportFailure``, or `CancellationError`.
    func post(_ request: CallbackRequest) async throws -> CallbackAnswer
}

/// Why no answer came, in a few stable words that name neither URL nor secret.
struct TransportFailure: Error, Equatable {
    let reason: String
}

/// What the worker takes from an answer; its body means nothing.
struct CallbackAnswer: Sendable, Equatable {
    var status: Int
    /// The header field `Retry-After` as it came.
    var retryAfter: String?
}

/// One callback as it goes over the wire.
struct CallbackRequest: Sendable {
    var url: String
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    /// - Returns: `nil` when the callback's destination is no http(s) URL.
    init?(_ callback: Callback, sentAt now: Timestamp, signer: WebhookSigner?) {
        guard let parts = URL(string: callback.destination), let host = parts.host(), !host.isEmpty,
            ["http", "https"].contains(parts.scheme?.lowercased())
        else { return nil }
        let seconds = now.milliseconds / 1000
        url = callback.destination
        body = Array(callback.body.utf8)
        headers = [
            ("content-type", "application/json"),
            ("user-agent", "fuploadServer"),
            ("webhook-id", callback.webhookID),
            ("webhook-timestamp", String(seconds)),
        ]
        if let signer {
            let signature = signer.signature(id: callback.webhookID, timestamp: seconds, body: body)
            headers.append(("webhook-signature", signature))
        }
    }
}
