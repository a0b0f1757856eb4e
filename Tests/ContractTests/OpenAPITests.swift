import Testing
import UploadTestSupport

/// The document that describes both APIs.
@Suite(.contract)
struct OpenAPITests {
    /// It is on both ports, for everybody, and the same.
    @Test func everybodyMayReadIt() async throws {
        try await TestBed.run("admin.token=a-token-for-operators") { bed in
            let front = try await HTTP.get(bed.server.base + "/openapi.yaml")
            let admin = try await HTTP.get(bed.server.adminBase() + "/openapi.yaml")
            for answer in [front, admin] {
                #expect(
                    answer.status == 200 && answer.headers["content-type"] == "application/yaml", "\(answer.headers)")
                #expect(answer.text.hasPrefix("openapi: 3.1.0\n"))
            }
            #expect(front.body == admin.body)
        }
    }

    @Test func itIsOnlyRead() async throws {
        try await TestBed.run { bed in
            let answer = try await HTTP.send("POST", bed.server.base + "/openapi.yaml", body: [])
            #expect((answer.status, answer.retCode, answer.headers["allow"]) == (405, "6", "GET"))
        }
    }
}
