/* SPDX-License-Identifier: GPL-3.0-or-later

   `native.h` for macOS.  Written from documentation and read, never built or run: no
   Mac was at hand.

   All lengths are points; on a display of two pixels to the point the picture is
   enlarged. */

#include "window/native.h"

#include "window/sound_names.h"

#include <pugl/stub.h>

#import <Cocoa/Cocoa.h>
#import <QuartzCore/QuartzCore.h>

#include <stdlib.h>
#include <string.h>

/// Lies over pugl's view, shows the picture, and takes files that are dropped
@interface RequintoWindowView : NSView {
@public
  Native* native; ///< NULL once the window is closed
}
@end

struct NativeImpl {
  WindowHandler       handler;
  void*               context;
  RequintoWindowView* view;
  uint32_t*           pixels; ///< Of the whole window
  uint32_t            width;
  uint32_t            height;
};

static BOOL has_dialog = NO; ///< One is open; of the main thread

static void
report(Native* const native, const WindowEvent event)
{
  if (native) {
    native->handler(native->context, &event);
  }
}

/// Return the path of a file that is dragged, or nil
static NSString*
dragged_path(id<NSDraggingInfo> sender)
{
  NSDictionary* const options = @{NSPasteboardURLReadingFileURLsOnlyKey : @YES};
  NSArray* const      urls = [[sender draggingPasteboard] readObjectsForClasses:@[ [NSURL class] ]
                                                                   options:options];
  return [urls count] ? [(NSURL*)[urls objectAtIndex:0] path] : nil;
}

@implementation RequintoWindowView

- (NSView*)hitTest:(NSPoint)point
{
  (void)point;
  return nil; // the pointer is pugl's
}

- (NSDragOperation)draggingEntered:(id<NSDraggingInfo>)sender
{
  return [self draggingUpdated:sender];
}

- (NSDragOperation)draggingUpdated:(id<NSDraggingInfo>)sender
{
  if (!dragged_path(sender)) {
    return NSDragOperationNone;
  }
  const NSPoint point = [self convertPoint:[sender draggingLocation] fromView:nil];
  report(native,
         (WindowEvent){.kind = WINDOW_DRAG,
                       .x    = point.x,
                       .y    = [self bounds].size.height - point.y});
  return NSDragOperationCopy;
}

- (void)draggingExited:(id<NSDraggingInfo>)sender
{
  (void)sender;
  report(native, (WindowEvent){.kind = WINDOW_DRAG_LEAVE});
}

- (BOOL)performDragOperation:(id<NSDraggingInfo>)sender
{
  NSString* const path = dragged_path(sender);
  if (path) {
    report(native,
           (WindowEvent){.kind = WINDOW_DROP, .path = [path fileSystemRepresentation]});
  }
  return path ? YES : NO;
}

@end

const char*
native_class(void)
{
  return "Requinto";
}

const struct PuglBackendImpl*
native_backend(void)
{
  return puglStubBackend();
}

double
native_unit(void)
{
  return [[NSScreen mainScreen] backingScaleFactor];
}

Native*
native_new(void* const world, const WindowHandler handler, void* const context)
{
  Native* const native = (Native*)calloc(1, sizeof(Native));
  (void)world;
  if (native) {
    native->handler = handler;
    native->context = context;
  }
  return native;
}

bool
native_attach(Native* const native, const uintptr_t window)
{
  NSView* const parent = (NSView*)window;
  if (!parent) {
    return false;
  }
  RequintoWindowView* const view =
    [[RequintoWindowView alloc] initWithFrame:[parent bounds]];
  view->native = native;
  [view setAutoresizingMask:NSViewWidthSizable | NSViewHeightSizable];
  [view setWantsLayer:YES];
  [view registerForDraggedTypes:@[ NSPasteboardTypeFileURL ]];
  [parent addSubview:view positioned:NSWindowAbove relativeTo:nil];
  native->view = view;
  return true;
}

void
native_detach(Native* const native)
{
  if (native->view) {
    native->view->native = NULL;
    [native->view removeFromSuperview];
    [native->view release];
    native->view = nil;
  }
}

void
native_free(Native* const native)
{
  if (native) {
    free(native->pixels);
    free(native);
  }
}

/// Make room for the pixels of the whole window, which a layer shows as one image
static bool
fit_pixels(Native* const native)
{
  const NSSize   size   = [native->view bounds].size;
  const uint32_t width  = (uint32_t)size.width;
  const uint32_t height = (uint32_t)size.height;
  if (native->pixels && native->width == width && native->height == height) {
    return true;
  }
  free(native->pixels);
  native->width  = width;
  native->height = height;
  native->pixels = (uint32_t*)calloc((size_t)width * height + 1, sizeof(uint32_t));
  return native->pixels;
}

/// Show a copy of all pixels: the layer keeps the image
static void
show_pixels(const Native* const native)
{
  NSData* const data =
    [NSData dataWithBytes:native->pixels
                   length:(size_t)native->width * native->height * sizeof(uint32_t)];
  const CGDataProviderRef provider =
    CGDataProviderCreateWithCFData((__bridge CFDataRef)data);
  const CGColorSpaceRef colours = CGColorSpaceCreateWithName(kCGColorSpaceSRGB);
  const CGBitmapInfo    order =
    kCGBitmapByteOrder32Little | (CGBitmapInfo)kCGImageAlphaNoneSkipFirst;
  const CGImageRef image = CGImageCreate(native->width,
                                         native->height,
                                         8,
                                         32,
                                         (size_t)native->width * sizeof(uint32_t),
                                         colours,
                                         order,
                                         provider,
                                         NULL,
                                         false,
                                         kCGRenderingIntentDefault);
  [CATransaction begin];
  [CATransaction setDisableActions:YES]; // without fading from picture to picture
  [[native->view layer] setContents:(__bridge id)image];
  [CATransaction commit];
  CGImageRelease(image);
  CGColorSpaceRelease(colours);
  CGDataProviderRelease(provider);
}

void
native_show(Native* const         native,
            const uint32_t* const pixels,
            const uint32_t        stride,
            const WindowArea      area)
{
  if (!fit_pixels(native) || area.x >= native->width) {
    return;
  }
  const uint32_t room  = native->width - area.x;
  const uint32_t width = area.width < room ? area.width : room;
  for (uint32_t y = area.y; y < area.y + area.height && y < native->height; ++y) {
    memcpy(native->pixels + (size_t)y * native->width + area.x,
           pixels + (size_t)y * stride + area.x,
           width * sizeof(uint32_t));
  }
  show_pixels(native);
}

void
native_grab_focus(Native* const native)
{
  [[native->view window] makeFirstResponder:[native->view superview]];
}

static NSArray*
sound_types(void)
{
  NSString* const patterns = [@SOUND_PATTERNS stringByReplacingOccurrencesOfString:@"*."
                                                                        withString:@""];
  return [patterns componentsSeparatedByString:@";"];
}

bool
native_choose_file(Native* const native, const char* const title, const double scale)
{
  (void)scale;
  if (has_dialog) {
    return false;
  }
  has_dialog                      = YES;
  RequintoWindowView* const view  = [native->view retain]; // may outlive the window
  NSOpenPanel* const        panel = [NSOpenPanel openPanel];
  [panel setMessage:[NSString stringWithUTF8String:title]];
  [panel setAllowedFileTypes:sound_types()];
  [panel beginWithCompletionHandler:^(const NSModalResponse response) {
    const bool is_chosen = response == NSModalResponseOK && [panel URL];
    has_dialog           = NO;
    report(view->native,
           (WindowEvent){.kind = WINDOW_CHOSEN,
                         .path = is_chosen ? [[panel URL] fileSystemRepresentation]
                                           : NULL});
    [view release];
  }];
  return true;
}

bool
native_is_alive(const Native* const native)
{
  return native->view != nil;
}
