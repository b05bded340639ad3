"""A report as a page for a person: HTML, without script, image or anything from elsewhere.

    report_page    the report            report.html
    door_page      a button that opens it, so that a link preview does not      door.html
    notice_page    why there is none     notice.html

Everything that the answer says is there, and what it does not show is said. Nothing here does input or output after
the first load of the templates.
"""

from gateway.viewer.pages import HEADERS, door_page, notice_page, report_page

__all__ = ["HEADERS", "door_page", "notice_page", "report_page"]
