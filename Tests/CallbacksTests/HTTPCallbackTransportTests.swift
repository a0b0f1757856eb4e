import NIOCore
import NIOPosix
import Testing
import UploadCore

@testable import Callbacks

/// Sleeps as long as it is told.
private struct RealClock: ServiceClock {
    var now: Timestamp { ManualClock.start }
    var uptime: Duration { .zero }
    func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}

@Suite(.timeLimit(.minutes(1)))
struct HTTPCallbackTransportTests {
    private func request(port: Int) throws -> CallbackRequest {
        let callback = Callback(
            id: 1, webhookID: "msg_1", taskID: try #require(TaskID(7)), businessServer: "cp1",
            destination: "http://127.0.0.1:\(port)/callback?a=b", body: "{\"number\":1}", attempt: 1,
            createdAt: ManualClock.start)
        let signer = WebhookSigner(key: [UInt8](0..<32))
        return try #require(CallbackRequest(callback, sentAt: ManualClock.start, signer: signer))
    }

    private func post(_ request: CallbackRequest) async throws -> Result<CallbackAnswer, any Error> {
        var result: Result<CallbackAnswer, any Error> = .failure(CancellationError())
        try await HTTPCallbackTransport.with(timeout: .seconds(15), clock: RealClock()) { transport in
            do {
                result = .success(try await transport.post(request))
            } catch {
                result = .failure(error)
            }
        }
        return result
    }

    private func answer(to reply: String, endless: Bool = false) async throws -> (CallbackAnswer, seen: String) {
        let server = try await CannedServer(reply: reply, endless: endless)
        let result = try await post(try request(port: server.port))
        let seen = try await server.stop()
        return (try result.get(), seen)
    }

    @Test func postsWhatWasSigned() async throws {
        let (answer, seen) = try await answer(to: "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        #expect(answer == CallbackAnswer(status: 200, retryAfter: nil))
        #expect(seen.hasPrefix("POST /callback?a=b HTTP/1.1\r\n"))
        #expect(seen.contains("webhook-id: msg_1\r\n"))
        #expect(seen.contains("webhook-signature: v1,"))
        #expect(seen.hasSuffix("\r\n\r\n{\"number\":1}"))
    }

    @Test func redirectIsAnAnswer() async throws {
        let (answer, _) = try await answer(
            to: "HTTP/1.1 307 Temporary Redirect\r\nlocation: /elsewhere\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n"
        )
        #expect(answer == CallbackAnswer(status: 307, retryAfter: "7"))
    }

    @Test func endlessAnswerIsCutOff() async throws {
        let (answer, _) = try await answer(to: "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", endless: true)
        #expect(answer.status == 200)
    }

    @Test func closedConnectionIsAFailure() async throws {
        let result = try await answerFailure(to: "")
        #expect(result == TransportFailure(reason: "connection closed"))
    }

    @Test func nobodyListens() async throws {
        let server = try await CannedServer(reply: "", endless: false)
        _ = try await server.stop()
        let result = try await post(try request(port: server.port))
        #expect(throws: TransportFailure(reason: "connection refused")) { try result.get() }
    }

    private func answerFailure(to reply: String) async throws -> TransportFailure? {
        do {
            _ = try await answer(to: reply)
            return nil
        } catch let failure as TransportFailure {
            return failure
        }
    }
}
