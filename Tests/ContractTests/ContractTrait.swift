import Testing
import UploadTestSupport

extension Trait where Self == IssueHandlingTrait {
    /// Keeps the folder of a test that failed, and says where it is.
    static var contract: Self {
        .compactMapIssues { issue in
            guard let bed = TestBed.current else { return issue }
            bed.noteFailure()
            var issue = issue
            let comment: Comment = "server log: \(bed.server.log)"
            // The trait of a suite is asked once for the suite and once for the test.
            if !issue.comments.contains(comment) { issue.comments.append(comment) }
            return issue
        }
    }
}

/// `{"startByte":…,"endByte":…}` as a range.
func range(_ tree: JSONTree) -> ClosedRange<Int>? {
    guard let start = tree["startByte"].integer, let end = tree["endByte"].integer else { return nil }
    return Int(start)...Int(end)
}
