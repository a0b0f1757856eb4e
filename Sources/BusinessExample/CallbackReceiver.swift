import Foundation
import Hummingbird
import Logging

/// Takes the fuploadServer's callbacks.
struct CallbackReceiver: Sendable {
    /// The headers of the Standard Webhooks specification.
    struct Headers {
        let id: String?
        let timestamp: String?
        let signature: String?
    }

    /// The parts of a callback that make its line.
    private struct Summary: Decodable {
        let retCode: JSONScalar?
        let status: String?
        let fileName: String?
    }

    let verifier: WebhookVerifier?
    let log: CallbackLog
    let logger: Logger

    /// What to answer: 200 taken, 400 no JSON, 401 signature wrong or missing, 500 asked to fail.
    func receive(_ body: Data, headers: Headers, now: Date) async -> HTTPResponse.Status {
        guard let summary = try? JSONDecoder().decode(Summary.self, from: body) else {
            logger.warning("callback refused: the body is not a JSON object")
            return .badRequest
        }
        let verified = verifier.map { isGenuine(body, headers: headers, verifier: $0, now: now) }
        let deliveries = await log.record(webhookId: headers.id, verified: verified, body: body, at: now)
        let answer: HTTPResponse.Status
        if await log.takeFailure() {
            answer = .internalServerError
        } else {
            answer = verified == false ? .unauthorized : .ok
        }
        logger.info(
            "callback",
            metadata: [
                "answered": "\(answer.code)", "delivery": "\(deliveries)", "fileName": "\(summary.fileName ?? "")",
                "retCode": "\(summary.retCode?.description ?? "")", "status": "\(summary.status ?? "")",
                "verified": "\(verified.map { "\($0)" } ?? "no secret set")", "webhookId": "\(headers.id ?? "")",
            ])
        return answer
    }

    private func isGenuine(_ body: Data, headers: Headers, verifier: WebhookVerifier, now: Date) -> Bool {
        guard let id = headers.id, let timestamp = headers.timestamp, let signature = headers.signature else {
            return false
        }
        return verifier.accepts(id: id, timestamp: timestamp, signature: signature, body: body, now: now)
    }
}
