"""Feeds: a calendar (iCalendar, RFC 5545) of the dates that await somebody, news (Atom, RFC 4287) of the register."""

from workflows.feeds.calendars import CalendarEntry, render_calendar
from workflows.feeds.news import NewsEntry, render_news
from workflows.feeds.sources import Feed, feed_behind

__all__ = ["CalendarEntry", "Feed", "NewsEntry", "feed_behind", "render_calendar", "render_news"]
