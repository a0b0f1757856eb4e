import Testing
import UploadCore

@Suite struct TaskStateTests {
    @Test(arguments: [
        (TaskState.receiving, [TaskState.paused, .verifying, .cancelled, .timedOut]),
        (.paused, [.receiving, .verifying, .cancelled, .timedOut]),
        (.verifying, [.publishing, .failed, .cancelled, .receiving]),
        (.publishing, [.finished, .failed, .receiving]),
        (.finished, []), (.failed, []), (.cancelled, []), (.timedOut, []),
    ])
    func successors(state: TaskState, next: [TaskState]) {
        #expect(state.successors == Set(next))
        #expect(state.isClosed == next.isEmpty)
        #expect(state.isComplete == [.verifying, .publishing, .finished].contains(state))
    }

    @Test func wireNamesAreTheContracts() {
        let names = TaskState.allCases.map(\.wireName)
        #expect(names == ["upload", "pause", "verify", "verify", "finish", "fail", "cancel", "timeout"])
    }

    @Test(
        arguments: [
            (TaskState.receiving, [nil, .alreadyInState, nil]),
            (.paused, [.alreadyInState, nil, nil]),
            (.verifying, [.busy, .busy, nil]),
            (.publishing, [.busy, .busy, .busy]),
            (.finished, [.closed, .closed, .closed]),
            (.failed, [.closed, .closed, .closed]),
            (.cancelled, [.closed, .closed, .alreadyInState]),
            (.timedOut, [.closed, .closed, .closed]),
        ] as [(TaskState, [UploadError.Code?])])
    func check(state: TaskState, codes: [UploadError.Code?]) {
        for (request, code) in zip(StateRequest.allCases, codes) {
            var thrown: UploadError?
            do { try state.check(request) } catch { thrown = error }
            #expect(thrown?.code == code, "\(request)")
            // What is allowed, the states allow too.
            if code == nil { #expect(state.successors.contains(request.target)) }
        }
    }

    @Test func requestsAreTheContracts() {
        #expect(StateRequest.allCases.map(\.rawValue) == ["pause", "upload", "cancel"])
        #expect(StateRequest.allCases.map(\.target) == [.paused, .receiving, .cancelled])
    }
}
