import Foundation
import Testing
import UploadTestSupport

/// Limits on how often tasks may be registered.
@Suite(.contract)
struct RateLimitTests {
    private let file = TestFile(size: 10, seed: 1)

    /// So many at once that a limit of one a second is met, however slow the machine.
    private func flood(
        _ bed: TestBed, headers: @escaping @Sendable (Int) -> [String: String] = { _ in [:] },
        change: @escaping @Sendable (NewTask) -> NewTask = { $0 }
    ) async throws -> [HTTPAnswer] {
        try await withThrowingTaskGroup(of: HTTPAnswer.self) { group in
            for number in 0..<20 {
                group.addTask {
                    try await HTTP.send(
                        "POST", bed.server.newTaskURL, headers: headers(number),
                        body: Array(change(NewTask(file, name: "\(number)")).json.utf8))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func codes(_ answers: [HTTPAnswer]) -> Set<String?> {
        Set(answers.map(\.retCode))
    }

    private func refused(_ answers: [HTTPAnswer]) -> [HTTPAnswer] {
        answers.filter { $0.status != 200 }
    }

    private func check(_ refused: [HTTPAnswer], name limit: String) {
        #expect(!refused.isEmpty)
        for answer in refused {
            #expect((answer.status, answer.retCode) == (503, "11"))
            #expect(answer.sentence == "too many registrations \(limit), at most 1 a second")
            #expect(answer.headers["retry-after"] == "1")
        }
    }

    @Test func aTokenHasALimit() async throws {
        try await TestBed.run("registrationsPerToken=1") { bed in
            let answers = try await flood(bed)
            #expect(codes(answers).contains("0"))
            check(refused(answers), name: "with this token")
            let other = try await bed.server.post(NewTask(file).with("token", "\"\(TestBed.secondToken)\""))
            #expect(other.retCode == "0", "another token has its own")
            let wrong = try await flood(bed, change: { $0.with("token", "\"wrong\"") })
            #expect(codes(wrong) == ["1"])
        }
    }

    @Test func anAddressHasALimitWhateverItSays() async throws {
        try await TestBed.run("registrationsPerAddress=1") { bed in
            for change in [
                { $0 }, { $0.with("token", "\"wrong\"") }, { $0.with("userId", nil) },
            ] as [@Sendable (NewTask) -> NewTask] {
                check(
                    try await flood(bed, headers: { _ in ["X-Forwarded-For": "192.0.2.1"] }, change: change)
                        .filter { $0.status != 200 }, name: "from this address")
            }
            // Nothing else is limited.
            #expect(try await HTTP.get(bed.server.base + "/api/upload/files/blocks/info?taskId=1&key=x").retCode == "2")
        }
    }

    @Test func behindAProxyItIsTheClientsAddress() async throws {
        try await TestBed.run("registrationsPerAddress=1", "trustedProxies=127.0.0.1") { bed in
            let many = try await flood(bed, headers: { ["X-Forwarded-For": "192.0.2.\($0)"] })
            #expect(codes(many) == ["0"], "each has its own")
            let one = try await flood(bed, headers: { ["X-Forwarded-For": "198.51.100.\($0), 192.0.2.200"] })
            check(refused(one), name: "from this address")
            let network = try await flood(bed, headers: { ["X-Forwarded-For": "2001:db8::1:\($0)"] })
            check(refused(network), name: "from this address")
            let networks = try await flood(bed, headers: { ["X-Forwarded-For": "2001:db8:0:\($0 + 1)::1"] })
            #expect(codes(networks) == ["0"])
        }
    }

    /// The address is looked at before the body has come.
    @Test func whatIsRefusedNeedNotBeSent() async throws {
        try await TestBed.run("registrationsPerAddress=1") { bed in
            _ = try await flood(bed)
            let heads = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        let socket = try RawSocket(port: bed.server.port)
                        try await socket.send(
                            "POST /api/upload/new/task HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{\"tok")
                        // One of them may be let through, and waits for the rest.
                        try await socket.send(String(repeating: " ", count: 100))
                        socket.halfClose()
                        return try await socket.read(until: "\r\n\r\n").components(separatedBy: "\r\n")[0]
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(heads.contains("HTTP/1.1 503 Service Unavailable"))
        }
    }
}
