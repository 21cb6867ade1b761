/* SPDX-License-Identifier: GPL-3.0-or-later */

#define _GNU_SOURCE // pthread

#include "window/connection.h"

#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

// Of libX11 1.7; the one that is there may be older than the one built with
#ifdef HAS_IO_ERROR_EXIT_HANDLER
#  pragma weak XSetIOErrorExitHandler
#endif

/* Handlers are of the whole process, so these are too.  The first call within installs
   ours and the last one restores what was there. */
static pthread_mutex_t    mutex       = PTHREAD_MUTEX_INITIALIZER;
static Connection*        connections = NULL;
static unsigned           n_within    = 0;
static XErrorHandler      last_error_handler;
static XIOErrorHandler    last_io_error_handler;
static _Thread_local bool opens = false; ///< This thread opens a connection

static Connection*
find_connection(const Display* const display)
{
  pthread_mutex_lock(&mutex);
  Connection* connection = connections;
  while (connection && connection->display != display) {
    connection = connection->next;
  }
  pthread_mutex_unlock(&mutex);
  return connection;
}

static int
take_error(Display* const display, XErrorEvent* const event)
{
  // As when the host destroys the parent, and our window with it, before it says so
  if (opens || find_connection(display)) {
    return 0;
  }
  return last_error_handler ? last_error_handler(display, event) : 0;
}

static int
take_io_error(Display* const display)
{
  if (find_connection(display)) {
    return 0; // and then Xlib calls `take_loss`
  }
  return last_io_error_handler ? last_io_error_handler(display) : 0;
}

/// Take the loss of a server; Xlib's own way is to exit
static void
take_loss(Display* const display, void* const data)
{
  Connection* const connection = (Connection*)data;
  connection->is_lost          = true;

  // The end of its descriptor could be read forever, and the host would not stop to
  epoll_ctl(connection->descriptor, EPOLL_CTL_DEL, ConnectionNumber(display), NULL);
  connection_wake(connection);
}

void
connection_wake(const Connection* const connection)
{
  const uint64_t one = 1;
  (void)!write(connection->signal, &one, sizeof(one)); // fails where it is set already
}

void
connection_begin_dispatch(const Connection* const connection)
{
  uint64_t count = 0;
  (void)!read(connection->signal, &count, sizeof(count));
}

void
connection_flush(const Connection* const connection)
{
  Display* const display = connection->display;
  if (!connection->is_lost) {
    XFlush(display);
  }
  if (!connection->is_lost && XEventsQueued(display, QueuedAfterReading) > 0) {
    connection_wake(connection);
  }
}

void
connection_discard(const Connection* const connection)
{
  XEvent event;
  while (!connection->is_lost &&
         XEventsQueued(connection->display, QueuedAfterReading) > 0) {
    XNextEvent(connection->display, &event);
  }
}

void
connection_enter(void)
{
  pthread_mutex_lock(&mutex);
  if (!n_within++) {
    last_error_handler    = XSetErrorHandler(take_error);
    last_io_error_handler = XSetIOErrorHandler(take_io_error);
  }
  pthread_mutex_unlock(&mutex);
}

void
connection_leave(void)
{
  pthread_mutex_lock(&mutex);
  if (!--n_within) {
    XSetErrorHandler(last_error_handler);
    XSetIOErrorHandler(last_io_error_handler);
  }
  pthread_mutex_unlock(&mutex);
}

void
connection_set_opening(const bool is_opening)
{
  opens = is_opening;
}

bool
connection_add(Connection* const connection)
{
  struct epoll_event event = {.events = EPOLLIN};
  connection->descriptor   = epoll_create1(EPOLL_CLOEXEC);
  connection->signal       = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const int  own           = ConnectionNumber(connection->display);
  const bool is_watched =
    !epoll_ctl(connection->descriptor, EPOLL_CTL_ADD, own, &event) &&
    !epoll_ctl(connection->descriptor, EPOLL_CTL_ADD, connection->signal, &event);

  pthread_mutex_lock(&mutex);
  connection->next = connections;
  connections      = connection;
  pthread_mutex_unlock(&mutex);
#ifdef HAS_IO_ERROR_EXIT_HANDLER
  if (XSetIOErrorExitHandler) {
    XSetIOErrorExitHandler(connection->display, take_loss, connection);
  }
#else
  (void)take_loss;
#endif
  return is_watched;
}

static void
close_descriptor(const int descriptor)
{
  if (descriptor >= 0) {
    close(descriptor);
  }
}

void
connection_remove(Connection* const connection)
{
  pthread_mutex_lock(&mutex);
  Connection** link = &connections;
  while (*link && *link != connection) {
    link = &(*link)->next;
  }
  if (*link) {
    *link = connection->next;
  }
  pthread_mutex_unlock(&mutex);
  close_descriptor(connection->signal);
  close_descriptor(connection->descriptor);
}

int
x11_next_event(Display* const display, XEvent* const event)
{
  XNextEvent(display, event);
  const Connection* const connection = find_connection(display);
  const bool              is_key = event->type == KeyPress || event->type == KeyRelease;
  // An input method takes events of its own windows; pugl offers it keys alone
  if (connection && !connection->is_lost &&
      ((!is_key && XFilterEvent(event, None)) ||
       connection->filter(connection->context, event))) {
    memset(event, 0, sizeof(*event));
  }
  return 0;
}

XWindow
x11_create_window(Display* const        display,
                  const XWindow         parent,
                  const int             x,
                  const int             y,
                  const unsigned        width,
                  const unsigned        height,
                  const unsigned        border_width,
                  const int             depth,
                  const unsigned        type,
                  Visual* const         visual,
                  const unsigned long   mask,
                  XSetWindowAttributes* attributes)
{
  // Without a border of its own a window has its parent's, if that has its depth
  attributes->border_pixel = 0;
  return XCreateWindow(display,
                       parent,
                       x,
                       y,
                       width,
                       height,
                       border_width,
                       depth,
                       type,
                       visual,
                       mask | CWBorderPixel,
                       attributes);
}

Status
x11_window_attributes(Display* const           display,
                      const XWindow            window,
                      XWindowAttributes* const attributes)
{
  memset(attributes, 0, sizeof(*attributes));
  return XGetWindowAttributes(display, window, attributes);
}
