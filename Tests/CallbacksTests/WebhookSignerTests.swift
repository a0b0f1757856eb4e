import Crypto
import Foundation
import Testing
import UploadCore

@testable import Callbacks

struct WebhookSignerTests {
    /// The example that the libraries of the specification share.
    @Test func publishedExample() throws {
        let key = try #require(Data(base64Encoded: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signature = WebhookSigner(key: Array(key)).signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    /// HMAC as RFC 2104 defines it, from nothing but the hash.
    @Test func independentConstruction() {
        let key = [UInt8](0..<32)
        let padded = key + [UInt8](repeating: 0, count: 32)
        let message = Array("msg_1.1700000000.".utf8) + Array("{\"ä\":1}".utf8)
        let inner = Array(SHA256.hash(data: padded.map { $0 ^ 0x36 } + message))
        let code = Data(SHA256.hash(data: padded.map { $0 ^ 0x5C } + inner))
        let signature = WebhookSigner(key: key).signature(
            id: "msg_1", timestamp: 1_700_000_000, body: Array("{\"ä\":1}".utf8))
        #expect(signature == "v1,\(code.base64EncodedString())")
    }

    @Test func textFormsDontShowTheKey() {
        let signer = WebhookSigner(key: Array("not to be seen anywhere at all".utf8))
        var dumped = ""
        dump(signer, to: &dumped)
        #expect("\(signer)\(String(reflecting: signer))" == "WebhookSignerWebhookSigner")
        #expect(!dumped.contains("key"))
    }

    private func request(to destination: String, signer: WebhookSigner? = nil) throws -> CallbackRequest? {
        let callback = Callback(
            id: 1, webhookID: "msg_1", taskID: try #require(TaskID(7)), businessServer: "cp1", destination: destination,
            body: "{\"ä\":1}", attempt: 1, createdAt: ManualClock.start)
        return CallbackRequest(callback, sentAt: ManualClock.start, signer: signer)
    }

    @Test func requestCarriesTheHeadersAndTheBytesThatAreSigned() throws {
        let signer = WebhookSigner(key: [UInt8](0..<32))
        let request = try #require(try request(to: "https://cp1.test/callback", signer: signer))
        let headers = Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value) })
        #expect(headers["webhook-id"] == "msg_1")
        #expect(headers["webhook-timestamp"] == "1700000000")
        #expect(
            headers["webhook-signature"]
                == signer.signature(id: "msg_1", timestamp: 1_700_000_000, body: request.body))
        #expect(headers["content-type"] == "application/json")
        #expect(request.body == Array("{\"ä\":1}".utf8))
        let unsigned = try #require(try self.request(to: "https://cp1.test/callback"))
        #expect(!unsigned.headers.contains { $0.name == "webhook-signature" })
    }

    @Test(arguments: [
        "", " ", "ftp://a.test/", "http://", "http:///path", "a.test/path", "file:///etc/passwd", "http:",
    ])
    func onlyHTTPURLsAreSentTo(destination: String) throws {
        #expect(try request(to: destination) == nil)
    }

    @Test(arguments: ["http://127.0.0.1:8090/a", "HTTPS://a.test", "http://[::1]:80/x?y=z", "http://u:p@a.test/"])
    func theseAreFine(destination: String) throws {
        #expect(try request(to: destination)?.url == destination)
    }
}
